"""A disk that is full for a while costs nothing but warnings; the first save and the last must succeed."""

import threading
from pathlib import Path

import jax.numpy as jnp
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
    """Checkpoints that look whole; beside them may lie what is unfinished."""
    return sorted(path.name for path in (workdir / "checkpoints").iterdir() if path.name.isdigit())


def settle(checkpoints: Checkpoints) -> None:
    while not checkpoints.settled():
        pass


def test_training_outlives_a_disk_that_is_full_for_a_while(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    clock = Clock()
    with Checkpoints(tmp_path, keep=1) as checkpoints:
        saver = RetryingSaver(checkpoints, {}, clock)
        assert saver.saved is None and not saver.overdue()
        saver.save(1, state(1), {})
        settle(checkpoints)
        assert saver.saved == 1 and not saver.overdue()
        with full_disk(kib=16):
            for step, pause in ((2, 10), (3, 20), (4, 40)):
                saver.save(step, state(step), {})
                settle(checkpoints)
                assert not saver.overdue(), "it is too early to try again"
                assert saver.saved is None and steps(tmp_path) == ["1"]
                assert f"checkpoint 1 is safe; saving is tried again in {pause} s" in caplog.messages[-1]
                clock.now += pause
                assert saver.overdue() and not saver.overdue(), "once"
            assert len(caplog.messages) == 3, "one warning a try"
            assert f"cannot write to {tmp_path}: a file grew too large" in caplog.text
        saver.save(5, state(5), {"position": 5})
        settle(checkpoints)
        clock.now += 1000
        assert not saver.overdue() and saver.saved == 5
        saver.finish(5, state(5), {})
    assert steps(tmp_path) == ["5"]
    with Checkpoints(tmp_path, read_only=True) as checkpoints:
        assert checkpoints.check_step(None) == 5


def test_the_best_stays_until_a_better_one_is_saved(tmp_path: Path):
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


def test_a_bucket_that_fails_is_outlived_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    class BucketError(Exception):
        """As gcsfs raises when a bucket answers with 503: of no class that Python has."""

    def fail(*_: object) -> None:
        raise BucketError("Service Unavailable, 503")

    with Checkpoints(tmp_path, keep=2) as checkpoints:
        saver = RetryingSaver(checkpoints, {})
        saver.save(1, state(1), {})
        settle(checkpoints)
        with monkeypatch.context() as patch:
            patch.setattr(checkpoints, "save", fail)
            saver.save(2, state(2), {})
        assert "saving failed: Service Unavailable, 503. Training goes on, checkpoint 1 is safe" in caplog.text
        saver.finish(3, state(3), {})
    assert steps(tmp_path) == ["1", "3"]


def test_memory_is_kept_again_after_a_save_however_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What a process keeps of what it frees is little while it saves, which would slow down the steps after it."""

    def fail(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    told: list[str] = []
    monkeypatch.setattr(malloc_tuning, "before_save", lambda: told.append("little"))
    monkeypatch.setattr(malloc_tuning, "after_save", lambda: told.append("much"))
    with Checkpoints(tmp_path, keep=1) as checkpoints:
        saver = RetryingSaver(checkpoints, {})
        saver.save(1, state(1), {})
        assert told == ["little"]
        settle(checkpoints)
        with monkeypatch.context() as patch:
            patch.setattr(checkpoints._manager, "save", fail)
            saver.save(2, state(2), {})
        assert told == ["little", "much", "little", "much"]
        checkpoints.save(3, state(3), {}, {})
    assert told[-2:] == ["little", "much"], "nobody waited for it"


def test_the_first_save_must_succeed(tmp_path: Path):
    with Checkpoints(tmp_path) as checkpoints, full_disk(kib=16), pytest.raises(UserError, match="cannot write to"):
        saver = RetryingSaver(checkpoints, {})
        saver.save(1, state(1), {})
        settle(checkpoints)
        saver.overdue()


def test_the_last_save_must_succeed(tmp_path: Path):
    with Checkpoints(tmp_path, keep=1) as checkpoints:
        saver = RetryingSaver(checkpoints, {})
        saver.save(1, state(1), {})
        settle(checkpoints)
        with full_disk(kib=16):
            saver.save(2, state(2), {})
            with pytest.raises(UserError, match="cannot write to"):
                saver.finish(2, state(2), {})
        assert steps(tmp_path) == ["1"], "the last good one stays"


# The writer's own thread raises what it tells us, too.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_event_files_outlive_it_too(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    others = set(threading.enumerate())
    writer = TensorBoardWriter(tmp_path)
    with full_disk(kib=16):
        for step in range(3):
            writer.write_texts(step, {"long": "x" * (1 << 14)})
    writer.write_scalars(7, {"loss": 1.0})
    writer.close()
    for thread in set(threading.enumerate()) - others:  # or the next test is told what one of them raised
        thread.join(60)
    assert "metrics of step 0 were not written to" in caplog.text
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert [event.step for event in events.Scalars("loss")] == [7]
