"""What chips send each other in a compiled program: how much, along which mesh axis, and whether they compute then.

XLA splits a collective that it can hide into a start and a done; what stands between the two in the schedule runs
while the data travel. On TPUs it also takes one apart and fuses the pieces into other computations: the same operation
then stands in the text several times, under one channel. A collective counts as hidden here if matrix products or
kernels stand between its start and its done, or in one of the computations that a piece was fused into. One that is not
split, or has nothing but bookkeeping beside it, makes every chip wait.
"""

import dataclasses
import math
import re
from collections.abc import Iterator

import numpy as np
from jax.sharding import Mesh
from jaxtyping import Int

from timesuite_jax.hlo.flops import counted
from timesuite_jax.hlo.parse import Computation, Instruction, Module
from timesuite_jax.hlo.replica_groups import read_groups

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
    sizes, fused = tuple(mesh.shape.values()), _fused(module)
    totals: dict[tuple[str, str], np.ndarray] = {}
    for name, runs in module.runs.items():
        for kind, collective, hidden in _collectives(module, module.computations[name], fused):
            groups = read_groups(collective.attributes, mesh.size)
            size = _received(kind, collective, groups.shape[1])
            where = kind, _axes(groups, sizes, mesh.axis_names)
            totals[where] = totals.get(where, np.zeros(3)) + runs * np.array([1, size, size * hidden])
    found = [Traffic(*where, int(count), float(size), float(hidden)) for where, (count, size, hidden) in totals.items()]
    return sorted((traffic for traffic in found if traffic.bytes), key=lambda traffic: -traffic.bytes)


def _collectives(
    module: Module, computation: Computation, fused: dict[str, bool]
) -> Iterator[tuple[str, Instruction, bool]]:
    """The collectives of a computation with their kinds, and whether products run meanwhile."""
    for place, instruction in enumerate(computation.instructions):
        if instruction.opcode in KINDS:
            channel = _channel(instruction)
            if channel not in fused:
                yield instruction.opcode, instruction, False
            elif _starts(computation):  # the other pieces are no collectives of their own
                yield instruction.opcode, instruction, fused[channel]
        elif instruction.opcode.removesuffix("-start") in KINDS:
            yield instruction.opcode.removesuffix("-start"), instruction, _hidden(module, computation, place)


def _fused(module: Module) -> dict[str, bool]:
    """Channels of the collectives that are taken apart, and whether a piece stands beside a product or kernel."""
    beside: dict[str, bool] = {}
    started = set()
    for computation in module.computations.values():
        channels = {_channel(instruction) for instruction in computation.instructions if instruction.opcode in KINDS}
        if not channels:
            continue
        started |= channels if _starts(computation) else set()
        works = any(counted(module, instruction) for instruction in computation.instructions)
        beside |= {channel: beside.get(channel, False) or works for channel in channels}
    return {channel: beside[channel] for channel in started}


def _starts(computation: Computation) -> bool:
    """Whether the first piece of a collective stands in it."""
    return any('"AsyncCollectiveStart"' in instruction.attributes for instruction in computation.instructions)


def _channel(instruction: Instruction) -> str:
    found = re.search(r"channel_id=(\d+)", instruction.attributes)
    return found.group(1) if found else instruction.name


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
