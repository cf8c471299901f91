"""The training loop of every model family: it knows steps, batches and metrics, and nothing of the model."""

import dataclasses
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from typing import Any, NamedTuple

import jax
from etils import epath
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from timesuite_jax import parallel, param_tree
from timesuite_jax.checkpoints.best import BestEvaluation
from timesuite_jax.checkpoints.layout import has_checkpoint
from timesuite_jax.checkpoints.manager import Checkpoints
from timesuite_jax.checkpoints.run_files import run_relative, store
from timesuite_jax.checkpoints.train_state import TrainState
from timesuite_jax.monitoring.goodput import Goodput
from timesuite_jax.monitoring.reporter import Reporter
from timesuite_jax.param_tree import Params
from timesuite_jax.resilience.liveness import Heartbeats
from timesuite_jax.resilience.preemption import (
    CLEANUP_GRACE_S,
    Interrupted,
    PreemptionHandler,
    exit_after,
    handle_preemption,
)
from timesuite_jax.training import randomness
from timesuite_jax.training.async_metrics import MAX_LAG, PendingSteps
from timesuite_jax.training.batches import Batches
from timesuite_jax.training.config import TrainingSpec
from timesuite_jax.training.overview import write_overview
from timesuite_jax.training.program import make_program
from timesuite_jax.training.resume_report import describe_resume
from timesuite_jax.training.saving import RunSaver
from timesuite_jax.training.start import start
from timesuite_jax.training.step import StepReport
from timesuite_jax.training.task import Batch, DataReport, Task

OnStop = Callable[[int, Mapping[str, float], DataReport], None]
COMPILE_TIME = "about a minute; seconds if an earlier run has cached it"


class RunResult(NamedTuple):
    """How a run ended."""

    state: TrainState
    frozen: Params
    step: int
    metrics: dict[str, float]  # the last ones of training and of each evaluation ("grounding/R@0.5", ...)
    interrupted: bool  # by SIGTERM or Ctrl-C; the same call resumes from here
    code: int  # exit code for a command with no error of its own: 130 after Ctrl-C, else 0
    best: BestEvaluation | None  # by the metric that `training.best` names
    data_report: DataReport  # of this process's training data


def run(
    task: Task,
    spec: TrainingSpec,
    workdir: epath.PathLike,
    mesh: Mesh | None = None,
    *,
    config: Mapping[str, Any] | None = None,
    on_stop: OnStop = lambda step, metrics, data_report: None,
) -> RunResult:
    """Trains a task; resumes if the folder contains a run.

    Args:
      task: what is trained.
      spec: how; epochs are converted to steps of the task's data.
      workdir: folder for checkpoints, event files and the parameter overview.
      mesh: devices; made from `spec.mesh` if not given.
      config: JSON-like description of the run, saved with every checkpoint and as WORKDIR/config.json, with the paths
        of the run's own copies of `task.run_files`.
      on_stop: called with the step, the last metrics and the data report, in another thread, where a signal ends the
        process during an evaluation or a compilation, so that this function does not return.

    Raises:
      UserError: if the folder cannot be written or contains another model's run, or the mesh does not fit.
      NonFiniteError: if the loss or a gradient is NaN or infinite.
    """
    mesh = mesh or parallel.make_mesh(spec.mesh)
    spec = spec.in_steps(task.steps_per_epoch)
    with ExitStack() as stack:
        preemption = stack.enter_context(handle_preemption())
        # Config and data are checked before a folder is created.
        new = not has_checkpoint(workdir)
        parallel.run_on_all_processes(lambda: task.check_inputs(new=new))
        program = make_program(task, spec, mesh)
        batches = stack.enter_context(closing(Batches(task, spec, program)))

        checkpoints = stack.enter_context(Checkpoints(workdir, keep=spec.keep))
        preemption.on_exit = lambda: on_stop(checkpoints.newest() or 0, {}, batches.stream.report())
        goodput = stack.enter_context(Goodput(checkpoints.workdir, write=jax.process_index() == 0))
        heartbeats = Heartbeats(checkpoints.workdir / "processes", preemption, spec.process_timeout)
        stack.enter_context(heartbeats)

        stack.enter_context(parallel.mesh_context(mesh, program.rules))
        begin = start(task, program, checkpoints, spec.seed)
        files = task.run_files() if config else {}
        config = run_relative(config or {}, files)
        first = int(jax.device_get(begin.state.step))
        reporter = Reporter(
            checkpoints.workdir,
            goodput,
            total_steps=spec.total_steps,
            first_step=first,
            shards=batches.shards,
            profile_at=spec.profile_at,
        )
        stack.enter_context(reporter)
        reporter.print(first, "start", begin.origin)
        if begin.data is None:
            checkpoints.keep_frozen(begin.frozen)
        else:
            for line in (
                describe_resume(begin.config, config, spec, first, task.steps_per_epoch) if begin.config else ()
            ):
                reporter.print(first, "config", line)
            batches.resume(begin.data)
        if config:
            for key in parallel.run_on_all_processes(lambda: store(checkpoints.workdir, config, files)):
                reporter.print(first, "config", f"{key}: the file has another content than the run's so far")
        parameters = write_overview(checkpoints.workdir, begin.state.params, begin.frozen)
        reporter.print(first, "parameters", parameters)

        saver = RunSaver(checkpoints, spec, config, first)
        loop = _Loop(task, spec, program.step, batches, saver, reporter, preemption, heartbeats, on_stop)
        return loop.train(begin.state, begin.frozen, first)


@dataclasses.dataclass
class _Loop:
    """The parts of a run that stay the same from step to step."""

    task: Task
    spec: TrainingSpec
    step_function: jax.stages.Wrapped  # a jitted `StepFunction`
    batches: Batches
    saver: RunSaver
    reporter: Reporter
    preemption: PreemptionHandler
    heartbeats: Heartbeats
    on_stop: OnStop

    def __post_init__(self) -> None:
        mesh = self.batches.mesh
        self.evaluations = self.task.evaluations()
        self.pending = PendingSteps(self.batches.stream)
        self.consensus = parallel.ProcessConsensus(mesh, lag=MAX_LAG)
        self.rng = jax.device_put(randomness.root(self.spec.seed, "train"), NamedSharding(mesh, PartitionSpec()))

    def train(self, state: TrainState, frozen: Params, first: int) -> RunResult:
        """Trains from step `first` to the last, or to where a signal or `training.patience` stops the run."""
        spec, saver, reporter, pending = self.spec, self.saver, self.reporter, self.pending
        metrics: dict[str, float] = {}
        step = logged = first
        evaluated = None
        interrupted = False
        # Called in another thread while `step` and `metrics` change.
        self.preemption.on_exit = lambda: self.on_stop(step, metrics, self.batches.stream.report())
        if spec.eval_every and step % spec.eval_every == 0 and saver.evaluation_is_missing(step):
            metrics |= self._evaluate(step, state, frozen)
            evaluated = step
        began = time.perf_counter()
        reporter.goodput.begin_steps(first)

        while step < spec.total_steps and not saver.should_stop(step):
            # 1. Stop or save where any process wants to: all do so at the same step.
            interrupted, retry_save = self.consensus.any(self.preemption.requested, saver.retry_is_due())
            if reporter.profile_due(step, logged=first < step == logged):
                pending.drain()
                reporter.toggle_profile(step)
            # 2. Read a batch and dispatch its step. The position moves on only then, so that a checkpoint made while
            # waiting for data, or while compiling, resumes with this batch.
            read = None if interrupted else self._read_batch(step)
            if read is None:
                interrupted = True
                break
            batch, starved = read
            self.heartbeats.begin_step(step + 1)
            if step == first:
                reporter.print(step, "compiling the step", COMPILE_TIME)
            state, report = self._dispatch(step, state, frozen, batch)
            self.preemption.training_started()
            step += 1
            self.batches.trained()
            # 3. Wait for the step `MAX_LAG` before; the devices stay busy with those after it.
            pending.push(step, batch, report)
            reporter.count_step(step, self.task.throughput_counts(batch), starved)
            if step == first + 1:
                pending.drain()
                reporter.print(step, "first step", f"{time.perf_counter() - began:.1f} s with compilation")
                reporter.restart_window()
            # 4. Log, save, evaluate. Saving comes after all reports up to this step, so that no non-finite state is
            # ever saved, and before the evaluation, which may fail or be killed.
            if step % spec.log_every == 0:
                metrics |= reporter.write_window(step, pending.read())
                logged = step
            if step % spec.save_every == 0 or retry_save:
                self._save(step, state)
            if spec.eval_every and step % spec.eval_every == 0:
                metrics |= self._evaluate(step, state, frozen)
                evaluated = step

        if logged != step:
            metrics |= reporter.write_window(step, pending.read())
        self._save(step, state)
        if evaluated != step and not interrupted:
            metrics |= self._evaluate(step, state, frozen)
        with reporter.goodput.spending("save"):
            saver.finish(step, state, self.batches.position)
            saver.write_best()
        reporter.print(step, "goodput", reporter.goodput.summary())
        if interrupted:
            reporter.print(step, "stopped", self.preemption.message)
            self.preemption.deadline = exit_after(CLEANUP_GRACE_S, self.preemption.code)
        elif step < spec.total_steps:
            reporter.print(step, "ended", f"no better {spec.best} in {spec.patience} evaluations")
        code = self.preemption.code if interrupted else 0
        return RunResult(state, frozen, step, metrics, interrupted, code, saver.best, self.batches.stream.report())

    def _read_batch(self, step: int) -> tuple[Batch, float] | None:
        """The next batch, and the seconds that the devices were idle for want of it; None if a signal came first."""
        began = time.perf_counter()
        try:
            with self.preemption.interruptible():
                batch = self.batches.read(step)
        except Interrupted:
            return None
        return batch, time.perf_counter() - began if self.pending.idle() else 0.0

    def _dispatch(self, step: int, state: TrainState, frozen: Params, batch: Batch) -> tuple[TrainState, StepReport]:
        """Dispatches the step after `step`; donates the state."""
        # No implicit transfer between host and devices: one of a scalar costs more than the step of a small model.
        with jax.transfer_guard("disallow"), jax.profiler.StepTraceAnnotation("train", step_num=step + 1):
            arrays = self.batches.put(batch)
            if self.batches.has_new_shape(arrays):
                # A new batch shape triggers a compilation; a signal during it saves first, so that it loses nothing.
                # The first compilation has nothing to lose.
                self.pending.drain()
                self.reporter.print(step, "compiling the step for another batch shape", COMPILE_TIME)
                with (
                    jax.transfer_guard("allow"),  # for saving
                    self.preemption.save_and_exit_on_signal(lambda: self._finish(step, state)),
                ):
                    self.step_function.lower(state, frozen, arrays, self.rng).compile()  # cached for the call below
            return self.step_function(state, frozen, arrays, self.rng)

    def _finish(self, step: int, state: TrainState) -> None:
        """Returns when the state is on disk."""
        self.saver.finish(step, state, self.batches.position)

    def _save(self, step: int, state: TrainState) -> None:
        """Saves the step unless it is saved."""
        if self.saver.is_saved(step):
            return
        self.pending.drain()
        self.reporter.goodput.mark(step)
        with self.reporter.goodput.spending("save"):
            self.saver.save(step, state, self.batches.position)

    def _evaluate(self, step: int, state: TrainState, frozen: Params) -> dict[str, float]:
        """Runs all evaluations; saves the step if it is the best so far; writes the metrics."""
        self.pending.drain()
        params = param_tree.merge(state.params, frozen)
        metrics = {}
        finish = self.preemption.save_and_exit_on_signal(lambda: self._finish(step, state))
        with self.reporter.goodput.spending("evaluate"), finish:
            for name, evaluate in self.evaluations.items():
                metrics |= {f"{name}/{metric}": value for metric, value in evaluate(params).items()}
                self.reporter.write_pictures(step, name, evaluate.pictures)
        if self.saver.update_best(step, metrics):
            self._save(step, state)
        return self.reporter.write_metrics(step, metrics) if metrics else {}
