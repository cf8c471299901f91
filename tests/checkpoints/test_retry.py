"""Tests for retries of failed saves: a full disk causes warnings only; the first save and the last must succeed."""

import threading
from pathlib import Path

import jax.numpy as jnp
import orbax.checkpoint as ocp
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.support.disk_full import full_disk
from timesuite_jax.checkpoints import malloc_tuning
from timesuite_jax.checkpoints.manager import Checkpoints
from timesuite_jax.checkpoints.retry import RetryingSaver
from timesuite_jax.checkpoints.train_state import TrainState
from timesuite_jax.errors import UserError
from timesuite_jax.monitoring.writers import TensorBoardWriter


def state(step: int) -> TrainState:
    params = {"head": {"kernel": jnp.arange(8192.0) * 0.1 + step}}
    return TrainState(step=jnp.int32(step), params=params, opt_state={"mu": jnp.arange(3.0)})


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def steps(workdir: Path) -> list[str]:
    """Names of visible checkpoints; unfinished ones may be beside them."""
    return sorted(path.name for path in (workdir / "checkpoints").iterdir() if path.name.isdigit())


def settle(checkpoints: Checkpoints) -> None:
    while not checkpoints.settled():
        pass


def test_failed_saves_are_retried(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    clock = Clock()
    with Checkpoints(tmp_path, keep=1) as checkpoints:
        saver = RetryingSaver(checkpoints, {}, clock)
        assert saver.saved is None and not saver.overdue()
        saver.save(1, state(1), {})
        settle(checkpoints)
        assert saver.saved == 1 and not saver.overdue()
        with full_disk(kib=16):
            for step, backoff in ((2, 10), (3, 20), (4, 40)):
                saver.save(step, state(step), {})
                settle(checkpoints)
                assert not saver.overdue(), "before the backoff has passed"
                assert saver.saved is None and steps(tmp_path) == ["1"]
                assert f"checkpoint 1 is safe; retrying in {backoff} s" in caplog.messages[-1]
                clock.now += backoff
                assert saver.overdue() and not saver.overdue(), "once per failure"
            assert len(caplog.messages) == 3, "one warning per try"
            assert f"cannot write to {tmp_path}: file too large" in caplog.text
        saver.save(5, state(5), {"position": 5})
        settle(checkpoints)
        clock.now += 1000
        assert not saver.overdue() and saver.saved == 5
        saver.finish(5, state(5), {})
    assert steps(tmp_path) == ["5"]
    with Checkpoints(tmp_path, read_only=True) as checkpoints:
        assert checkpoints.check_step(None) == 5


def test_best_checkpoint_is_kept_until_a_better_one_is_saved(tmp_path: Path):
    with Checkpoints(tmp_path, keep=1) as checkpoints:
        saver = RetryingSaver(checkpoints, {})
        saver.save(1, state(1), {})
        settle(checkpoints)
        checkpoints.keep_best([[1, 2]])
        with full_disk(kib=16):
            saver.save(2, state(2), {})
            settle(checkpoints)
        saver.save(3, state(3), {})
        saver.save(4, state(4), {})
        saver.finish(4, state(4), {})
    assert steps(tmp_path) == ["1", "4"]


def test_bucket_errors_are_retried_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    class BucketError(Exception):
        """Like gcsfs's error for status 503: not a subclass of a built-in error other than `Exception`."""

    def fail(*_: object) -> None:
        raise BucketError("Service Unavailable, 503")

    with Checkpoints(tmp_path, keep=2) as checkpoints:
        saver = RetryingSaver(checkpoints, {})
        saver.save(1, state(1), {})
        settle(checkpoints)
        with monkeypatch.context() as patch:
            patch.setattr(checkpoints, "save", fail)
            saver.save(2, state(2), {})
        assert "saving failed: Service Unavailable, 503. Training continues; checkpoint 1 is safe" in caplog.text
        saver.finish(3, state(3), {})
    assert steps(tmp_path) == ["1", "3"]


def test_malloc_is_reset_after_every_save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The setting for saves would slow down the steps after it."""

    def fail(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    calls: list[str] = []
    monkeypatch.setattr(malloc_tuning, "before_save", lambda: calls.append("before"))
    monkeypatch.setattr(malloc_tuning, "after_save", lambda: calls.append("after"))
    with Checkpoints(tmp_path, keep=1) as checkpoints:
        saver = RetryingSaver(checkpoints, {})
        saver.save(1, state(1), {})
        assert calls == ["before"]
        settle(checkpoints)
        with monkeypatch.context() as patch:
            patch.setattr(ocp.CheckpointManager, "save", fail)
            saver.save(2, state(2), {})
        assert calls == ["before", "after", "before", "after"]
        checkpoints.save(3, state(3), {}, {})
    assert calls[-2:] == ["before", "after"], "without an explicit wait"


def test_first_save_must_succeed(tmp_path: Path):
    with Checkpoints(tmp_path) as checkpoints, full_disk(kib=16), pytest.raises(UserError, match="cannot write to"):
        saver = RetryingSaver(checkpoints, {})
        saver.save(1, state(1), {})
        settle(checkpoints)
        saver.overdue()


def test_last_save_must_succeed(tmp_path: Path):
    with Checkpoints(tmp_path, keep=1) as checkpoints:
        saver = RetryingSaver(checkpoints, {})
        saver.save(1, state(1), {})
        settle(checkpoints)
        with full_disk(kib=16):
            saver.save(2, state(2), {})
            with pytest.raises(UserError, match="cannot write to"):
                saver.finish(2, state(2), {})
        assert steps(tmp_path) == ["1"], "the last good one is kept"


# The writer's thread raises the error that it reports, too.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_event_files_continue_after_a_full_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    others = set(threading.enumerate())
    writer = TensorBoardWriter(tmp_path)
    with full_disk(kib=16):
        for step in range(3):
            writer.write_texts(step, {"long": "x" * (1 << 14)})
    writer.write_scalars(7, {"loss": 1.0})
    writer.close()
    for thread in set(threading.enumerate()) - others:  # otherwise the next test sees their errors
        thread.join(60)
    assert "metrics of step 0 were not written to" in caplog.text
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert [event.step for event in events.Scalars("loss")] == [7]
