"""What chips send each other in a compiled program: how much, along which mesh axis, and whether they compute then.

XLA splits a collective that it can hide into a start and a done; what stands between the two in the schedule runs
while the data travel. A collective counts as hidden here if matrix products or kernels stand between. One that is not
split, or has nothing but bookkeeping between, makes every chip wait.
"""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np
from jax.sharding import Mesh
from jaxtyping import Int

from timesuite_jax.compiled.arithmetic import counted
from timesuite_jax.compiled.hlo import Computation, Instruction, Module
from timesuite_jax.compiled.replica_groups import read_groups

KINDS = ("all-gather", "all-reduce", "reduce-scatter", "all-to-all", "collective-permute")


@dataclasses.dataclass(frozen=True)
class Traffic:
    """All collectives of one kind along the same axes, of one chip in one run of the program."""

    kind: str
    axes: str  # mesh axes that they go along, joined by "+"
    count: int
    bytes: float  # that the chip receives
    hidden_bytes: float  # of those, while it computes


def read_traffic(module: Module, mesh: Mesh) -> list[Traffic]:
    """All collectives of a program that was compiled for the mesh, the heaviest first."""
    sizes = tuple(mesh.shape.values())
    totals: dict[tuple[str, str], np.ndarray] = {}
    for name, runs in module.runs.items():
        for kind, collective, hidden in _collectives(module, module.computations[name]):
            groups = read_groups(collective.attributes, mesh.size)
            size = _received(kind, collective, groups.shape[1])
            where = kind, _axes(groups, sizes, mesh.axis_names)
            totals[where] = totals.get(where, np.zeros(3)) + runs * np.array([1, size, size * hidden])
    found = [Traffic(kind, axes, int(count), size, hidden) for (kind, axes), (count, size, hidden) in totals.items()]
    return sorted((traffic for traffic in found if traffic.bytes), key=lambda traffic: -traffic.bytes)


def _collectives(module: Module, computation: Computation) -> Iterator[tuple[str, Instruction, bool]]:
    """The collectives of a computation with their kinds, and whether products run meanwhile."""
    for place, instruction in enumerate(computation.instructions):
        if instruction.opcode in KINDS:
            yield instruction.opcode, instruction, False
        elif instruction.opcode.removesuffix("-start") in KINDS:
            yield instruction.opcode.removesuffix("-start"), instruction, _hidden(module, computation, place)


def _hidden(module: Module, computation: Computation, start: int) -> bool:
    """Whether a product or kernel stands between a start and its done."""
    name = computation.instructions[start].name
    for instruction in computation.instructions[start + 1 :]:
        if instruction.opcode.endswith("-done") and name in instruction.operands:
            return False
        if counted(module, instruction):
            return True
    return False


def _received(kind: str, collective: Instruction, group: int) -> float:
    """Bytes that one chip receives, if each sends as little as the operation allows."""
    shapes = [shape for shape in collective.shapes if shape.dims or collective.opcode == kind]
    if collective.opcode != kind and kind != "all-reduce":
        shapes = shapes[len(shapes) // 2 :]  # a start's result holds the operands first
    result = math.fsum(shape.bytes for shape in shapes)
    share = (group - 1) / group
    return (
        result
        * {
            "all-gather": share,
            "all-reduce": 2 * share,
            "reduce-scatter": group - 1.0,  # the result is one share of what is summed
            "all-to-all": share,
            "collective-permute": 1.0,
        }[kind]
    )


def _axes(groups: Int[np.ndarray, "G g"], sizes: tuple[int, ...], names: tuple[str, ...]) -> str:
    """The mesh axes along which the members of a group differ; a program numbers the devices in the mesh's order."""
    places = np.stack(np.unravel_index(groups, sizes))
    moving = np.any(places != places[:, :, :1], axis=(1, 2))
    return "+".join(name for name, moves in zip(names, moving, strict=True) if moves)
