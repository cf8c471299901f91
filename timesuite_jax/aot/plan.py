"""Compiles the programs of a run ahead of time for an absent TPU topology.

The program is the loop's own (`make_program`) and its arguments are shapes: nothing is allocated, no data is read.
"""

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any

import jax
from jax.sharding import NamedSharding, PartitionSpec

from timesuite_jax import parallel
from timesuite_jax.aot.report import AotReport
from timesuite_jax.hlo import (
    Arithmetic,
    Memory,
    Module,
    array_bytes,
    count_flops,
    parse,
    read_collectives,
    read_memory,
    read_oom_error,
)
from timesuite_jax.monitoring.meter import peak_flops
from timesuite_jax.training import randomness
from timesuite_jax.training.config import TrainingSpec
from timesuite_jax.training.program import Program, make_program
from timesuite_jax.training.task import Call, Task


@dataclasses.dataclass(frozen=True)
class AheadOfTime:
    """A task's programs on a topology.

    Attributes:
      calls: the programs by name: "train" is the step, the others are the task's `evaluation_programs`.
      program: the step, its mesh and its shardings.
      task: gives the model FLOPs.
      topology: name, for the report.
    """

    calls: Mapping[str, Call]
    program: Program
    task: Task
    topology: str

    def report(self, name: str) -> AotReport:
        """Compiles one of the programs."""
        call, mesh = self.calls[name], self.program.mesh
        kind = mesh.devices.flat[0].device_kind
        with parallel.mesh_context(mesh, self.program.rules):
            lowered, lower_seconds, _ = _timed(lambda: call.function.lower(*call.arguments))
            built, seconds, cpu_seconds = _timed(lambda: _compile(lowered, call, parallel.HBM_BYTES[kind]))
        executable, memory = built
        flops, collectives, notes = None, (), ("the program does not fit, so that its FLOPs are not known",)
        if executable is not None:
            module = parse(executable.as_text())
            arithmetic = count_flops(module)
            collectives = tuple(read_collectives(module, mesh))
            flops, notes = arithmetic.total, _notes(arithmetic, module)
        model_flops = (
            self.task.throughput_counts(self.task.abstract_batch()).get("model_flops") if name == "train" else None
        )
        return AotReport(
            program=name,
            topology=self.topology,
            mesh=dict(mesh.shape),
            memory=memory,
            flops=flops,
            model_flops=None if model_flops is None else model_flops / mesh.size,
            peak_flops=peak_flops(kind),
            collectives=collectives,
            notes=notes,
            lower_seconds=lower_seconds,
            compile_seconds=seconds,
            compile_cpu_seconds=cpu_seconds,
        )


def make_plan(task: Task, spec: TrainingSpec, topology: str, slices: int = 1) -> AheadOfTime:
    """Places a task's programs on a topology; nothing is compiled yet.

    Args:
      task: of the run.
      spec: of the run.
      topology: a name that `parallel.describe_topology` knows.
      slices: number of such topologies, connected by the data center network.

    Raises:
      UserError: if there is no such topology, or the mesh does not fit it, the model or the batch.
    """
    mesh = parallel.make_mesh(spec.mesh, parallel.describe_topology(topology, slices))
    program = make_program(task, spec, mesh)
    rows = parallel.batch_sharding(mesh, program.rules)
    parallel.process_shard(rows)  # raises if the processes of such a machine cannot share the batch
    largest = task.abstract_batch(row_multiple=parallel.batch_multiple(rows, spec.accumulate))
    parallel.check_batch(largest, rows, spec.accumulate)
    batch = {name: jax.ShapeDtypeStruct(array.shape, array.dtype, sharding=rows) for name, array in largest.items()}
    key = jax.eval_shape(lambda: randomness.root(spec.seed, "train"))
    rng = jax.ShapeDtypeStruct(key.shape, key.dtype, sharding=NamedSharding(mesh, PartitionSpec()))
    step = Call(program.step, (program.state, program.frozen, batch, rng))
    with parallel.mesh_context(mesh, program.rules):
        calls = {"train": step, **task.evaluation_programs(program.targets)}
    return AheadOfTime(calls, program, task, topology if slices == 1 else f"{slices} slices of {topology}")


def _timed(function: Callable[[], Any]) -> tuple[Any, float, float]:
    """The result, the seconds, and the CPU seconds of all threads."""
    began, cpu_began = time.perf_counter(), time.process_time()
    result = function()
    return result, time.perf_counter() - began, time.process_time() - cpu_began


def _compile(lowered: jax.stages.Lowered, call: Call, hbm_limit: float) -> tuple[Any, Memory]:
    """The program and its memory; None for the program if it does not fit."""
    try:
        executable = lowered.compile()
    except jax.errors.JaxRuntimeError as error:
        memory = read_oom_error(str(error), _argument_bytes(call))
        if memory is None:
            raise
        return None, memory
    return executable, read_memory(executable, hbm_limit)


def _argument_bytes(call: Call) -> float:
    """Bytes of the arguments on one device."""
    leaves = jax.tree.leaves(call.arguments)
    shapes = (leaf.shape if leaf.sharding is None else leaf.sharding.shard_shape(leaf.shape) for leaf in leaves)
    return sum(array_bytes(shape, leaf.dtype) for shape, leaf in zip(shapes, leaves, strict=True))


def _notes(arithmetic: Arithmetic, module: Module) -> tuple[str, ...]:
    """What the counts of a program leave out."""
    kernels = (f"the kernel at {scope} is not counted" for scope in arithmetic.unknown_kernels)
    loops = (f"the loop at {scope}, whose trip count depends on data, is counted once" for scope in module.open_loops)
    return *kernels, *loops
