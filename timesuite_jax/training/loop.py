"""The one training loop. It knows steps, batches and figures, and nothing of what is trained."""

import dataclasses
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from typing import Any, NamedTuple

import jax
from clu import parameter_overview
from etils import epath
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from timesuite_jax import parallel, param_tree
from timesuite_jax.checkpoints.best import BestCheckpoint, BestEvaluation, check_metric
from timesuite_jax.checkpoints.manager import Checkpoints
from timesuite_jax.checkpoints.retry import RetryingSaver
from timesuite_jax.checkpoints.train_state import TrainState
from timesuite_jax.errors import UserError
from timesuite_jax.monitoring.goodput import Goodput
from timesuite_jax.monitoring.meter import Meter
from timesuite_jax.monitoring.profile import Profile
from timesuite_jax.monitoring.writers import MetricWriter, TensorBoardWriter, Terminal
from timesuite_jax.param_tree import Params
from timesuite_jax.resilience.liveness import Heartbeats
from timesuite_jax.resilience.preemption import (
    CLEANUP_GRACE_S,
    Interrupted,
    PreemptionHandler,
    exit_after,
    save_and_exit_on_signal,
)
from timesuite_jax.storage.write_errors import explain_write_errors
from timesuite_jax.training import randomness
from timesuite_jax.training.async_metrics import MAX_LAG, PendingSteps
from timesuite_jax.training.config import TrainingSpec
from timesuite_jax.training.program import make_program
from timesuite_jax.training.start import start
from timesuite_jax.training.step import Report
from timesuite_jax.training.task import Batch, DataReport, DataStream, Task, evaluation_metric_names


class RunResult(NamedTuple):
    """How a run ended."""

    state: TrainState
    frozen: Params
    step: int
    metrics: dict[str, float]  # the last figures of training and of each evaluation ("grounding/R@0.5", ...)
    interrupted: bool  # by SIGTERM or Ctrl-C; the run goes on from here when started again
    code: int  # exit code of a command that has nothing to add: 130 after Ctrl-C, else 0
    best: BestEvaluation | None  # by the metric that `training.best` names
    data_report: DataReport  # of this process's training data


def run(
    task: Task,
    spec: TrainingSpec,
    workdir: epath.PathLike,
    mesh: Mesh | None = None,
    *,
    config: Mapping[str, Any] | None = None,
    on_stop: Callable[[int, Mapping[str, float], DataReport], None] = lambda step, metrics, data_report: None,
) -> RunResult:
    """Trains a task, or goes on training it if the folder holds a run.

    Args:
      task: what is trained.
      spec: how.
      workdir: folder for checkpoints, event files and the parameter overview.
      mesh: devices; made from `spec.mesh` if not given.
      config: JSON-like description of the run, saved with every checkpoint (see `training.read_config`).
      on_stop: called with the step, the last metrics and the data report, in another thread, where a signal ends the
        process within an evaluation or before the first step, so that this does not return.

    Raises:
      UserError: if the folder cannot be written, holds another model's run, or the mesh does not fit.
      NonFiniteError: if the loss or a gradient is NaN or infinite.
    """
    mesh = mesh or parallel.make_mesh(spec.mesh)
    with ExitStack() as stack:
        stop = stack.enter_context(save_and_exit_on_signal())
        # First of all: what is wrong with names and data is told before a folder is made.
        program = make_program(task, spec, mesh)
        rows = parallel.batch_sharding(mesh, program.rules)
        share = parallel.process_shard(rows)

        def find_data() -> DataStream:
            check_metric(spec.best, evaluation_metric_names(task))
            multiple = parallel.batch_multiple(rows, spec.accumulate)
            return task.train_data(
                seed=spec.seed, process_index=share.index, process_count=share.count, row_multiple=multiple
            )

        data = stack.enter_context(closing(parallel.run_on_all_processes(find_data)))

        checkpoints = stack.enter_context(Checkpoints(workdir, keep=spec.keep))
        stop.farewell = lambda: on_stop(checkpoints.newest() or 0, {}, {})
        goodput = stack.enter_context(Goodput(checkpoints.workdir, write=jax.process_index() == 0))
        roll_call = stack.enter_context(Heartbeats(checkpoints.workdir / "processes", stop, spec.process_timeout))

        stack.enter_context(parallel.mesh_context(mesh, program.rules))
        begin = start(task, program, checkpoints, spec.seed)
        first = int(jax.device_get(begin.state.step))

        terminal = Terminal(spec.total_steps, first)
        writers: list[MetricWriter] = [stack.enter_context(closing(terminal))]
        if jax.process_index() == 0:
            writers.append(stack.enter_context(closing(TensorBoardWriter(checkpoints.workdir, first))))
        if begin.data is None:
            checkpoints.keep_frozen(begin.frozen)
        else:
            data.set_state(begin.data)

        tables = _overview(begin.state.params, begin.frozen)
        if jax.process_index() == 0:
            with explain_write_errors(checkpoints.workdir, "work folder"):
                (checkpoints.workdir / "parameters.txt").write_text("\n\n".join(tables.values()))
        terminal.write_texts(first, {"start": begin.origin, "parameters": ", ".join(tables)})

        selection = BestCheckpoint(spec.best, spec.patience * spec.eval_every, checkpoints.workdir, first)
        profile = stack.enter_context(
            closing(Profile(checkpoints.workdir, spec.profile_at, capture=jax.process_index() == 0))
        )
        loop = _Loop(
            task=task,
            spec=spec,
            send=program.step,
            rows=rows,
            share=share,
            data=data,
            checkpoints=checkpoints,
            saver=RetryingSaver(checkpoints, config or {}),
            selection=selection,
            terminal=terminal,
            writers=writers,
            stop=stop,
            wishes=parallel.ProcessConsensus(mesh, lag=MAX_LAG),
            roll_call=roll_call,
            goodput=goodput,
            profile=profile,
            on_stop=on_stop,
        )
        return loop.train(begin.state, begin.frozen, first)


def _overview(trained: Params, frozen: Params) -> dict[str, str]:
    """A table of each kind of parameters, by its summary."""
    tables = {}
    for kind, params in {"trained": trained, "frozen": frozen}.items():
        count = sum(leaf.size for leaf in jax.tree.leaves(params))
        table = parameter_overview.get_parameter_overview(params, include_stats=False) if params else ""
        tables[f"{count:,} {kind}"] = f"{count:,} {kind}\n{table}"
    return tables


@dataclasses.dataclass
class _Loop:
    """The parts of a run that stay the same from step to step."""

    task: Task
    spec: TrainingSpec
    send: jax.stages.Wrapped  # `training.Step`, jitted
    rows: NamedSharding
    share: parallel.ProcessShard
    data: DataStream
    checkpoints: Checkpoints
    saver: RetryingSaver
    selection: BestCheckpoint
    terminal: Terminal
    writers: list[MetricWriter]
    stop: PreemptionHandler
    wishes: parallel.ProcessConsensus
    roll_call: Heartbeats
    goodput: Goodput
    profile: Profile
    on_stop: Callable[[int, Mapping[str, float], DataReport], None]

    def __post_init__(self) -> None:
        self.evaluations = self.task.evaluations()
        self.checkpoints.keep_best(self.selection.rankings)
        self.position = self.data.get_state()  # of the batch after the last one that was learnt from
        self.shapes: set[tuple[tuple[int, ...], ...]] = set()  # of the batches that were sent

    def train(self, state: TrainState, frozen: Params, first: int) -> RunResult:
        """Goes from step `first` to the last, or to where the run is asked to stop."""
        spec, flight, meter = self.spec, PendingSteps(self.data), Meter(self.goodput, self.share.count)
        rng = jax.device_put(randomness.root(spec.seed, "train"), NamedSharding(self.rows.mesh, PartitionSpec()))
        metrics: dict[str, float] = {}
        step = logged = first
        evaluated = None
        interrupted = False
        self.stop.farewell = lambda: self.on_stop(step, metrics, self.data.report())  # which go on changing
        if spec.eval_every and step % spec.eval_every == 0 and self.selection.is_due(step):
            metrics |= self._evaluate(step, state, frozen, flight)
            evaluated = step
        began = time.perf_counter()
        self.goodput.begin_steps(first)

        while step < spec.total_steps and not self.selection.exhausted(step):
            interrupted, save_again = self.wishes.agree(self.stop.requested, self.saver.overdue())
            if self.profile.due(step, logged=first < step == logged):
                self._turn_profile(step, flight)
            taken = None if interrupted else self._next_batch(step, flight)
            if taken is None:
                interrupted = True
                break
            batch, starved = taken
            self.roll_call.begins(step + 1)
            state, report = self._send(step, state, frozen, batch, rng, flight)
            self.stop.has_learnt()
            step += 1
            self.position = self.data.get_state()
            flight.push(step, batch, report)
            meter.step(self.task.throughput_counts(batch), starved)
            self.terminal.advance(step)
            if step == first + 1:
                flight.drain()
                self._tell(step, "first step", f"{time.perf_counter() - began:.1f} s with compilation")
                meter.restart()

            if step % spec.log_every == 0:
                metrics |= self._write(step, flight.read() | meter.read())
                logged = step
            # Saved before evaluated: an evaluation may fail or be killed. Saved after every report up to this step
            # has come back, so that no bad state is ever kept.
            if step % spec.save_every == 0 or save_again:
                self._save(step, state, flight)
            if spec.eval_every and step % spec.eval_every == 0:
                metrics |= self._evaluate(step, state, frozen, flight)
                evaluated = step

        if logged != step:
            metrics |= self._write(step, flight.read() | meter.read())
        self._save(step, state, flight)
        if evaluated != step and not interrupted:
            metrics |= self._evaluate(step, state, frozen, flight)
        with self.goodput.spending("save"):
            self.saver.finish(step, state, self.position)
            self.selection.note()
        self._tell(step, "goodput", self.goodput.summary())
        if interrupted:
            self._tell(step, "stopped", self.stop.sentence)
            self.stop.deadline = exit_after(CLEANUP_GRACE_S, self.stop.code)
        elif step < spec.total_steps:
            self._tell(step, "ended", f"{spec.patience} evaluations have brought no better {spec.best}")
        code = self.stop.code if interrupted else 0
        return RunResult(state, frozen, step, metrics, interrupted, code, self.selection.best, self.data.report())

    def _next_batch(self, step: int, flight: PendingSteps) -> tuple[Batch, float] | None:
        """The next batch, and the seconds in which the devices were idle for want of it; None if there is no time."""
        asked = time.perf_counter()
        try:
            with self.stop.interruptible():
                batch = next(self.data)
        except Interrupted:
            return None
        except StopIteration:
            raise UserError(
                f"the training data ended after {step} of {self.spec.total_steps} steps; "
                "let it repeat or lower training.total_steps"
            ) from None
        starved = time.perf_counter() - asked if flight.idle() else 0.0
        parallel.check_batch(batch, self.rows, self.spec.accumulate, self.share.count)
        return batch, starved

    def _send(
        self, step: int, state: TrainState, frozen: Params, batch: Batch, rng: jax.Array, flight: PendingSteps
    ) -> tuple[TrainState, Report]:
        """Sends the devices what the step after `step` needs; the state's memory is the next state's."""
        # Nothing may cross between host and devices in a step but what is sent on purpose: a stray copy of a scalar
        # costs more than the step of a small model.
        with jax.transfer_guard("disallow"), jax.profiler.StepTraceAnnotation("train", step_num=step + 1):
            rows = parallel.put_batch(batch, self.rows)
            shapes = tuple(array.shape for _, array in sorted(rows.items()))
            if self.shapes and shapes not in self.shapes:
                # Of another length. A notice does not wait until that is compiled; at the first nothing is to be lost.
                flight.drain()
                with jax.transfer_guard("allow"), self._safe(step, state):  # saving crosses
                    self.send.lower(state, frozen, rows, rng).compile()  # which the call finds
            self.shapes.add(shapes)
            return self.send(state, frozen, rows, rng)

    def _safe(self, step: int, state: TrainState) -> AbstractContextManager[None]:
        """Within it, in which nothing is learnt, a notice ends the process as soon as the state is saved."""
        return self.stop.nothing_to_lose_but(lambda: self.saver.finish(step, state, self.position))

    def _save(self, step: int, state: TrainState, flight: PendingSteps) -> None:
        """Saves the step unless that is done."""
        if self.saver.saved == step:
            return
        flight.drain()
        self.goodput.mark(step)
        with self.goodput.spending("save"):
            self.saver.save(step, state, self.position)

    def _evaluate(self, step: int, state: TrainState, frozen: Params, flight: PendingSteps) -> dict[str, float]:
        flight.drain()
        params = param_tree.merge(state.params, frozen)
        figures = {}
        with self.goodput.spending("evaluate"), self._safe(step, state):
            for name, evaluate in self.evaluations.items():
                figures |= {f"{name}/{figure}": value for figure, value in evaluate(params).items()}
        if self.selection.judge(step, figures):
            self.checkpoints.keep_best(self.selection.rankings)
            self._save(step, state, flight)
        return self._write(step, figures) if figures else {}

    def _turn_profile(self, step: int, flight: PendingSteps) -> None:
        flight.drain()  # a profile holds whole steps
        with self.goodput.spending("profile"):
            if folder := self.profile.turn(step):
                self._tell(step, "profile", folder)

    def _write(self, step: int, figures: dict[str, float]) -> dict[str, float]:
        for writer in self.writers:
            writer.write_scalars(step, figures)
        return figures

    def _tell(self, step: int, name: str, text: str) -> None:
        self.terminal.write_texts(step, {name: text})
