"""Who takes part in a collective, in the three ways in which HLO writes it down."""

import math
import re

import numpy as np
from jaxtyping import Int

_PAIRS = re.compile(r"source_target_pairs=\{((?:\{\d+,\d+\},?)*)\}")
_LISTED = re.compile(r"replica_groups=\{((?:\{[\d,]*\},?)*)\}")
_IOTA = re.compile(r"replica_groups=\[([\d,]+)\]<=\[([\d,]+)\](?:T\(([\d,]+)\))?")
_MESH = re.compile(
    r"replica_groups=mesh\[([^\]]*)\](?:,\s*device_ids=\(\[([\d,]+)\](?:T\(([\d,]+)\))?\))?\s*\{([^}]*)\}"
)


def read_groups(attributes: str, devices: int) -> Int[np.ndarray, "G g"]:
    """The groups of devices that exchange data, a row each; a permutation's are its pairs.

    Args:
      attributes: of the instruction.
      devices: of the program; all of them are one group where none is written down.

    Raises:
      ValueError: if the groups are written in yet another way.
    """
    if found := _PAIRS.search(attributes):
        return _rows(found.group(1))
    if found := _IOTA.search(attributes):
        shape, dims, order = found.groups()
        return _counted(dims, order).reshape(_numbers(shape))
    if found := _MESH.search(attributes):
        sizes, dims, order, axes = found.groups()
        return _along_axes(sizes, axes, _counted(dims, order) if dims else None)
    if found := _LISTED.search(attributes):
        return _rows(found.group(1)) if found.group(1) else np.arange(devices)[None]
    raise ValueError(f"replica groups are not understood: {attributes[:200]}")


def _rows(text: str) -> Int[np.ndarray, "G g"]:
    return np.array([[int(number) for number in row.split(",")] for row in re.findall(r"\{([\d,]+)\}", text)])


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def _counted(dims: str, order: str | None) -> Int[np.ndarray, " n"]:
    """Devices in the order in which they stand in an array of these dimensions, after a transposition."""
    shape = _numbers(dims)
    return np.arange(math.prod(shape)).reshape(shape).transpose(_numbers(order) if order else None).reshape(-1)


def _along_axes(mesh: str, axes: str, devices: Int[np.ndarray, " n"] | None) -> Int[np.ndarray, "G g"]:
    """Groups along axes of a mesh that XLA made up: `'axis_0'=4,'axis_1'=2` and `'axis_1','axis_0':(2)2`.

    The second form is a part of an axis: that of size 2 which has 2 devices' worth of the axis before it. The mesh
    holds `devices`, or all of them by number.
    """
    sizes = {name: int(size) for name, size in re.findall(r"'(\w+)'=(\d+)", mesh)}
    dims: list[int] = []
    places: dict[tuple[str, int], int] = {}  # of an axis, or of a part of it that begins so far in
    wanted = re.findall(r"'(\w+)'(?::\((\d+)\)(\d+))?", axes)
    for name, size in sizes.items():
        cuts = {1, size}
        for part, before, length in wanted:
            if part == name and before:
                cuts |= {int(before), int(before) * int(length)}
        for low, high in zip(sorted(cuts), sorted(cuts)[1:], strict=False):
            places[name, low] = len(dims)
            dims.append(high // low)
    moving = [place for name, before, length in wanted
              for (axis, low), place in places.items()
              if axis == name and (not before or int(before) <= low < int(before) * int(length))]  # fmt: skip
    ids = (np.arange(math.prod(dims)) if devices is None else devices).reshape(dims)
    still = [place for place in range(len(dims)) if place not in moving]
    return ids.transpose(*still, *moving).reshape(-1, math.prod(dims[place] for place in moving))
