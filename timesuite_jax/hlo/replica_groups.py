"""Parses the replica groups of a collective, in all of HLO's notations."""

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


def read_groups(attributes: str, devices: int) -> Int[np.ndarray, "group member"]:
    """The groups of devices that exchange data, one row each; those of a permutation are its pairs.

    Args:
      attributes: of the instruction.
      devices: of the program; all of them form one group where none is given.

    Raises:
      ValueError: if the notation is not supported.
    """
    if found := _PAIRS.search(attributes):
        return _rows(found.group(1))
    if found := _IOTA.search(attributes):
        shape, dims, order = found.groups()
        return _iota(dims, order).reshape(_numbers(shape))
    if found := _MESH.search(attributes):
        sizes, dims, order, axes = found.groups()
        return _along_axes(sizes, axes, _iota(dims, order) if dims else None)
    if found := _LISTED.search(attributes):
        return _rows(found.group(1)) if found.group(1) else np.arange(devices)[None]
    raise ValueError(f"unsupported notation of replica groups: {attributes[:200]}")


def _rows(text: str) -> Int[np.ndarray, "group member"]:
    return np.array([[int(number) for number in row.split(",")] for row in re.findall(r"\{([\d,]+)\}", text)])


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def _iota(dims: str, order: str | None) -> Int[np.ndarray, " devices"]:
    """Device numbers of a transposed iota of these dimensions."""
    shape = _numbers(dims)
    return np.arange(math.prod(shape)).reshape(shape).transpose(_numbers(order) if order else None).reshape(-1)


def _along_axes(mesh: str, axes: str, devices: Int[np.ndarray, " devices"] | None) -> Int[np.ndarray, "group member"]:
    """Groups along axes of a mesh that XLA defines: `'axis_0'=4,'axis_1'=2` and `'axis_1','axis_0':(2)2`.

    The second form is a sub-axis: of size 2, with 2 as the product of the sizes before it in the axis. The mesh
    contains `devices`, or all of them by number.
    """
    sizes = {name: int(size) for name, size in re.findall(r"'(\w+)'=(\d+)", mesh)}
    dims: list[int] = []
    places: dict[tuple[str, int], int] = {}  # (axis, product of the sizes before the sub-axis) -> dimension
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
