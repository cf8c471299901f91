"""Absent TPUs as compilation targets, described by libtpu. No chip is accessed, not even a local one."""

import importlib.util
import math
import os
import re
from collections.abc import Sequence
from typing import Any

import jax
from jax.experimental import topologies

from timesuite_jax.errors import UserError

# Existing shapes, the largest last. libtpu describes any box of whole hosts, larger ones too.
TOPOLOGIES = {
    "v5e": "1x1, 2x2, 2x4, 4x4, 4x8, 8x8, 8x16, 16x16",
    "v5p": "2x2x1, 2x2x2, 2x2x4, 2x4x4, 4x4x4, 4x4x8 and so on to 16x16x24",
    "v6e": "1x1, 2x2, 2x4, 4x4, 4x8, 8x8, 8x16, 16x16",
    "tpu7x": "2x2x1, 2x2x2, 2x2x4, 2x4x4, 4x4x4, 4x4x8 and so on to 16x16x16",
}
# The HBM that one program may use, from the error of libtpu 0.0.42 for a larger program; the rest is reserved. A device
# is a chip, or one of the two halves of a TPU7x.
_GIB = 2**30
HBM_BYTES = {
    "TPU v5 lite": 15.75 * _GIB,
    "TPU v5": 95.74 * _GIB,
    "TPU v6 lite": 31.25 * _GIB,
    "TPU7x": 94.75 * _GIB,
}


def describe_topology(name: str, slices: int = 1) -> Sequence[jax.Device]:
    """The devices of a TPU by its name, such as "v5e:16x16"; of `slices` of them, connected by a slower network.

    Raises:
      UserError: if the topology is unknown, or libtpu is not installed.
    """
    generation, _, shape = name.partition(":")
    if generation not in TOPOLOGIES or not re.fullmatch(r"[0-9]{1,9}(x[0-9]{1,9})+", shape):
        raise _unknown(name)
    if not _is_built(generation, shape):
        most = f"the largest {generation} is {generation}:{_largest(generation)}"
        raise UserError(f"topology {name!r} does not exist; {most}, and --slices combines several")
    if importlib.util.find_spec("libtpu") is None:
        raise UserError('to compile for a TPU its library, libtpu, is needed; pip install -e ".[aot]"')
    options: dict[str, Any] = {}
    if slices > 1:
        options["num_slices"] = slices
    if shape == "1x1":  # libtpu assumes four chips a host
        options["chips_per_host_bounds"] = (1, 1, 1)
    _quiet_libtpu()
    try:
        return topologies.get_topology_desc(platform="tpu", topology_name=name, **options).devices
    except (ValueError, jax.errors.JaxRuntimeError) as error:
        raise _unknown(name) from error


def _largest(generation: str) -> str:
    return TOPOLOGIES[generation].split()[-1]


def _is_built(generation: str, shape: str) -> bool:
    """Whether a box has as many dimensions as the largest one, and fits into it."""
    sides, most = ([int(side) for side in box.split("x")] for box in (shape, _largest(generation)))
    return len(sides) == len(most) and all(a <= b for a, b in zip(sorted(sides), sorted(most), strict=True))


def _unknown(name: str) -> UserError:
    known = "; ".join(f"{generation}:{shapes}" for generation, shapes in TOPOLOGIES.items())
    return UserError(f"topology {name!r} is unknown{_hint(name)}; there are {known}")


def _hint(name: str) -> str:
    """Topology for a product name: "v5e-256" has 256 chips, "v5p-128" 128 cores and half as many chips."""
    generation, _, count = name.partition("-")
    if generation not in TOPOLOGIES or not count.isdigit():
        return ""
    chips = int(count) // (2 if generation == "v5p" else 1)
    sides = [1] * len(TOPOLOGIES[generation].split(",")[0].split("x"))
    while math.prod(sides) < chips:
        sides[sides.index(min(sides))] *= 2
    shape = "x".join(map(str, sorted(sides)))
    return f" to libtpu; its {chips} chips are {generation}:{shape}" if _is_built(generation, shape) else ""


def _quiet_libtpu() -> None:
    """Prevents libtpu from querying the machine's TPU, and from locking out other processes that compile."""
    for variable, value in {
        "TPU_SKIP_MDS_QUERY": "1",
        "ALLOW_MULTIPLE_LIBTPU_LOAD": "1",
        "TPU_WORKER_HOSTNAMES": "localhost",
        "TPU_ACCELERATOR_TYPE": "v5litepod-4",
    }.items():
        os.environ.setdefault(variable, value)
