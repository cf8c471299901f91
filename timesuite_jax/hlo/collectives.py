"""Collectives of a compiled program: bytes by kind and mesh axis, and how many are overlapped with compute.

XLA splits an asynchronous collective into a start and a done; the instructions between the two in the schedule run
during the transfer. On TPUs it also decomposes collectives and fuses the pieces into other computations: the same
operation then occurs in the text several times, with one channel id. A collective counts as overlapped here if matrix
products or kernels are scheduled between its start and its done, or occur in one of the computations that a piece was
fused into. One that is not split, or overlaps with bookkeeping only, makes every chip wait.
"""

import dataclasses
import math
import re
from collections.abc import Iterator

import numpy as np
from jax.sharding import Mesh
from jaxtyping import Int

from timesuite_jax.hlo.flops import is_counted
from timesuite_jax.hlo.parse import Computation, Instruction, Module
from timesuite_jax.hlo.replica_groups import read_groups

KINDS = ("all-gather", "all-reduce", "reduce-scatter", "all-to-all", "collective-permute")


@dataclasses.dataclass(frozen=True)
class Collectives:
    """All collectives of one kind along the same axes, of one chip in one run of the program."""

    kind: str
    axes: str  # mesh axes that they communicate along, joined by "+"
    count: int
    bytes: float  # that the chip receives
    overlapped_bytes: float  # of those, overlapped with compute


def read_collectives(module: Module, mesh: Mesh) -> list[Collectives]:
    """All collectives of a program that was compiled for the mesh, by falling number of bytes."""
    sizes, fused = tuple(mesh.shape.values()), _fused(module)
    totals: dict[tuple[str, str], np.ndarray] = {}
    for name, runs in module.runs.items():
        for kind, collective, overlapped in _collectives(module, module.computations[name], fused):
            groups = read_groups(collective.attributes, mesh.size)
            size = _received(kind, collective, groups.shape[1])
            key = kind, _axes(groups, sizes, mesh.axis_names)
            totals[key] = totals.get(key, np.zeros(3)) + runs * np.array([1, size, size * overlapped])
    found = [
        Collectives(*key, int(count), float(size), float(overlapped))
        for key, (count, size, overlapped) in totals.items()
    ]
    return sorted((entry for entry in found if entry.bytes), key=lambda entry: -entry.bytes)


def _collectives(
    module: Module, computation: Computation, fused: dict[str, bool]
) -> Iterator[tuple[str, Instruction, bool]]:
    """The collectives of a computation with their kinds, and whether they are overlapped with compute."""
    for index, instruction in enumerate(computation.instructions):
        if instruction.opcode in KINDS:
            channel, collective = _channel(instruction), _scattered(computation, instruction)
            if channel not in fused:
                yield collective.opcode, collective, False
            elif _starts(computation):  # the other pieces do not count as collectives
                yield collective.opcode, collective, fused[channel]
        elif instruction.opcode.removesuffix("-start") in KINDS:
            yield instruction.opcode.removesuffix("-start"), instruction, _is_overlapped(module, computation, index)


def _scattered(computation: Computation, instruction: Instruction) -> Instruction:
    """The collective that an instruction is: a reduce-scatter is a fusion of an all-reduce and a slice on TPUs."""
    if instruction.opcode == "all-reduce" and computation.name.startswith("all-reduce-scatter"):
        for other in computation.instructions:
            if other.opcode == "dynamic-slice" and other.operands[0] == instruction.name:
                return dataclasses.replace(instruction, opcode="reduce-scatter", shapes=other.shapes)
    return instruction


def _fused(module: Module) -> dict[str, bool]:
    """Channels of the decomposed collectives, and whether a piece is fused with a product or kernel."""
    overlapped: dict[str, bool] = {}
    started = set()
    for computation in module.computations.values():
        channels = {_channel(instruction) for instruction in computation.instructions if instruction.opcode in KINDS}
        if not channels:
            continue
        started |= channels if _starts(computation) else set()
        computes = any(is_counted(module, instruction) for instruction in computation.instructions)
        overlapped |= {channel: overlapped.get(channel, False) or computes for channel in channels}
    return {channel: overlapped[channel] for channel in started}


def _starts(computation: Computation) -> bool:
    """Whether it contains the first piece of a decomposed collective."""
    return any('"AsyncCollectiveStart"' in instruction.attributes for instruction in computation.instructions)


def _channel(instruction: Instruction) -> str:
    found = re.search(r"channel_id=(\d+)", instruction.attributes)
    return found.group(1) if found else instruction.name


def _is_overlapped(module: Module, computation: Computation, start: int) -> bool:
    """Whether a product or kernel is scheduled between a start and its done."""
    name = computation.instructions[start].name
    for instruction in computation.instructions[start + 1 :]:
        if instruction.opcode.endswith("-done") and name in instruction.operands:
            return False
        if is_counted(module, instruction):
            return True
    return False


def _received(kind: str, collective: Instruction, group: int) -> float:
    """Bytes that one chip receives, if each sends the minimum that the operation requires."""
    shapes = [shape for shape in collective.shapes if shape.dims or collective.opcode == kind]
    if collective.opcode != kind and kind != "all-reduce":
        shapes = shapes[len(shapes) // 2 :]  # the result of a start contains the operands first
    result = math.fsum(shape.bytes for shape in shapes)
    remote = (group - 1) / group
    return (
        result
        * {
            "all-gather": remote,
            "all-reduce": 2 * remote,
            "reduce-scatter": group - 1.0,  # the result is one of `group` parts of the sum
            "all-to-all": remote,
            "collective-permute": 1.0,
        }[kind]
    )


def _axes(groups: Int[np.ndarray, "group member"], sizes: tuple[int, ...], names: tuple[str, ...]) -> str:
    """The mesh axes along which the members of a group differ; a program numbers the devices in the mesh's order."""
    coordinates = np.stack(np.unravel_index(groups, sizes))
    differs = np.any(coordinates != coordinates[:, :, :1], axis=(1, 2))
    return "+".join(name for name, differ in zip(names, differs, strict=True) if differ)
