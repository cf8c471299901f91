"""Whole runs of the toy task: files, resuming, errors and signals."""

import os
import signal
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from etils import epath
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.support.toy_task import ToyData, ToyTask, toy_spec
from timesuite_jax import parallel, param_tree, training
from timesuite_jax.checkpoints.readers import read_config, restore_params
from timesuite_jax.checkpoints.retry import RetryingSaver
from timesuite_jax.errors import UserError
from timesuite_jax.parallel import MeshSpec
from timesuite_jax.resilience.preemption import PreemptionHandler
from timesuite_jax.training import Batch, NonFiniteError, RunResult


def one_device() -> Any:
    return parallel.make_mesh(MeshSpec(), jax.devices()[:1])


def train(task: ToyTask, workdir: Path, **changes: Any) -> RunResult:
    return training.run(task, toy_spec(**changes), workdir, one_device(), config={"width": task.width})


def same_bits(actual: Any, expected: Any) -> None:
    jax.tree.map(np.testing.assert_array_equal, jax.device_get(actual), jax.device_get(expected))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunResult, ToyTask]:
    """An uninterrupted run of 20 steps."""
    workdir, task = tmp_path_factory.mktemp("finished"), ToyTask()
    return workdir, train(task, workdir), task


def test_a_run_learns_and_writes_metrics(finished: tuple[Path, RunResult, ToyTask], capsys: pytest.CaptureFixture[str]):
    workdir, result, task = finished
    assert (result.step, result.interrupted) == (20, False)
    assert int(result.state.step) == 20
    assert result.metrics["toy/frozen"] == 1.0
    assert {"loss", "near", "grad_norm", "lr", "samples_per_second", "input_wait"} <= result.metrics.keys()
    assert task.opened[0].closed
    events = EventAccumulator(str(workdir))
    events.Reload()
    losses = events.Scalars("loss")
    assert [event.step for event in losses] == [5, 10, 15, 20]
    assert losses[-1].value < 0.8 * losses[0].value
    assert losses[-1].value == pytest.approx(result.metrics["loss"])
    assert "head/kernel" in (workdir / "parameters.txt").read_text()


def test_the_newest_checkpoints_are_kept_and_frozen_parameters_stored_once(finished: tuple[Path, RunResult, ToyTask]):
    workdir, _, _ = finished
    assert sorted(path.name for path in (workdir / "checkpoints").iterdir()) == ["15", "20"]
    assert len(list((workdir / "frozen").iterdir())) == 1
    saved = (workdir / "checkpoints" / "20" / "params" / "_METADATA").read_text()
    assert "head" in saved
    assert "projection" not in saved


def test_parameters_and_config_are_read_back_on_any_mesh(finished: tuple[Path, RunResult, ToyTask]):
    workdir, result, task = finished
    expected = param_tree.merge(result.state.params, result.frozen)
    for mesh in (None, one_device(), parallel.make_mesh(MeshSpec(data=2, fsdp=2, tensor=2))):
        same_bits(restore_params(workdir, task.abstract_params(), mesh=mesh), expected)
    older = restore_params(workdir, task.abstract_params(), step=15)
    assert not np.array_equal(older["head"]["kernel"], expected["head"]["kernel"])
    assert read_config(workdir) == {"width": 8}


def test_errors_name_a_missing_checkpoint(finished: tuple[Path, RunResult, ToyTask], tmp_path: Path):
    workdir, _, task = finished
    with pytest.raises(UserError, match="no checkpoint of step 17; it has 15, 20"):
        restore_params(workdir, task.abstract_params(), step=17)
    with pytest.raises(UserError, match="has no checkpoint; train there first"):
        restore_params(tmp_path / "nowhere", task.abstract_params())


def test_a_finished_run_is_only_evaluated(finished: tuple[Path, RunResult, ToyTask]):
    workdir, expected, _ = finished
    result = train(ToyTask(), workdir)
    same_bits(result.state, expected.state)
    assert result.metrics["toy/head"] == expected.metrics["toy/head"]


class Terminated(ToyTask):
    """A task whose machine is preempted."""

    def train_data(self, **where: Any) -> ToyData:
        data = super().train_data(**where)
        original = ToyData.__next__

        class Signalled(ToyData):
            def __next__(self) -> Any:
                if self.position == 8 * 16:
                    os.kill(os.getpid(), signal.SIGTERM)
                return original(self)

        data.__class__ = Signalled
        return data


def test_sigterm_saves_and_the_run_resumes_bitwise(finished: tuple[Path, RunResult, ToyTask], tmp_path: Path):
    handler = signal.getsignal(signal.SIGTERM)
    stopped = train(Terminated(), tmp_path)
    assert signal.getsignal(signal.SIGTERM) is handler
    assert stopped.interrupted
    assert stopped.step == 8, "the wait for a batch ends at once"
    assert (tmp_path / "checkpoints" / "8").exists()
    resumed = train(ToyTask(), tmp_path)
    same_bits(resumed.state, finished[1].state)
    same_bits(resumed.frozen, finished[1].frozen)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    # One file per run; the names of two that begin within a second do not determine their order.
    assert sorted(event.step for event in events.Scalars("loss")) == [5, 8, 10, 15, 20]


def test_a_non_finite_loss_stops_the_run_and_names_its_samples(tmp_path: Path):
    data, batches = ToyData(ToyTask(), seed=3), []
    for _ in range(4):
        batches.append(next(data)["sample"])
    with pytest.raises(NonFiniteError, match=rf"step 4: .*nan.*sample-{batches[3][0]}.*learning_rate") as caught:
        train(ToyTask(bad_sample=int(batches[3][0])), tmp_path, save_every=1, log_every=100, keep=9)
    assert f"sample-{batches[2][0]}," not in str(caught.value)
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["1", "2", "3"]


def test_a_non_finite_loss_is_found_without_a_save(tmp_path: Path):
    with pytest.raises(NonFiniteError):
        train(ToyTask(bad_sample=0), tmp_path, save_every=100, log_every=100)
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_the_error_of_another_models_checkpoint_lists_all_differences(finished: tuple[Path, RunResult, ToyTask]):
    workdir, _, _ = finished
    with pytest.raises(UserError) as caught:
        train(ToyTask(width=12), workdir)
    assert "head/kernel is (8, 1) float32 in the checkpoint, (12, 1) float32 in the config" in str(caught.value)
    assert "projection/kernel" in str(caught.value)
    with pytest.raises(UserError, match="trainable in the config only: projection/bias"):
        train(ToyTask(train_all=True), workdir)


def test_data_that_ends_is_an_error(tmp_path: Path):
    with pytest.raises(UserError, match="ended after 3 of 20 steps"):
        train(ToyTask(data_ends_at=3 * 16), tmp_path)


def test_a_run_starts_from_named_weights_and_initialises_the_rest(tmp_path: Path):
    requested = {}

    def load(targets: Any) -> Any:
        requested.update(targets)
        leaf = targets["projection"]["kernel"]
        return {"projection": {"kernel": jax.device_put(np.full(leaf.shape, 0.25, leaf.dtype), leaf.sharding)}}

    task = ToyTask(weights=training.InitialWeights("a file", load))
    result = train(task, tmp_path, total_steps=1)
    assert requested["head"]["kernel"].sharding is not None
    assert float(result.frozen["projection"]["kernel"].min()) == 0.25
    assert result.frozen["projection"]["bias"].shape == (8,)
    assert float(np.abs(result.state.params["head"]["kernel"]).max()) > 0.0


def test_initial_weights_of_another_shape_are_an_error(tmp_path: Path):
    wrong = training.InitialWeights("a file", lambda targets: {"head": {"kernel": np.zeros((3, 1), np.float32)}})
    with pytest.raises(ValueError, match=r"a file returned other shapes.*head/kernel"):
        train(ToyTask(weights=wrong), tmp_path)


def test_the_error_of_a_folder_that_cannot_be_written_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"file/run is not a folder|cannot write to .*file/run"):
        train(ToyTask(), tmp_path / "file" / "run")
    (tmp_path / "run" / "parameters.txt").mkdir(parents=True)
    with pytest.raises(UserError, match=r"is a directory \(.*/parameters.txt\); move it or choose another"):
        train(ToyTask(), tmp_path / "run")

    def refuse(self: Any, *args: Any, **kwargs: Any) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(type(epath.Path(tmp_path)), "write_text", refuse)
    with pytest.raises(UserError, match="permission denied; make it writable or choose another work folder"):
        train(ToyTask(), tmp_path)


def test_a_signal_just_before_a_recompilation_saves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The main thread saves then, in which transfers between host and devices are otherwise disallowed."""
    handler, sent, put = PreemptionHandler(), [], parallel.put_batch

    def longer(batch: Batch, rows: Any) -> Any:
        sent.append(batch)
        handler.requested = len(sent) == 3
        return put({name: values.repeat(1 + handler.requested, axis=0) for name, values in batch.items()}, rows)

    def finish(self: RetryingSaver, step: int, *_: Any) -> None:
        assert (step, jnp.ones(2) @ np.ones(2, np.float32)) == (2, 2)
        raise SystemExit  # replaces `exit_now`; not suppressed

    monkeypatch.setattr(training.loop, "handle_preemption", lambda: nullcontext(handler))
    monkeypatch.setattr(parallel, "put_batch", longer)
    monkeypatch.setattr(RetryingSaver, "finish", finish)
    with pytest.raises(SystemExit):
        train(ToyTask(), tmp_path, eval_every=0)
