"""Heartbeats survive storage errors; tests/faults has those of several processes."""

import itertools
import json
import signal
import time
from pathlib import Path

import jax
import pytest
from etils import epath

from timesuite_jax.resilience import liveness
from timesuite_jax.resilience.preemption import Interrupted, PreemptionHandler


class BucketError(Exception):
    """Like the errors of gcsfs on a response 503, which have no common class."""


def test_a_failing_bucket_does_not_count_as_a_lost_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    heartbeats = liveness.Heartbeats(epath.Path(tmp_path), PreemptionHandler(), timeout=0.12)
    write, tries = liveness.replace_text, itertools.count()

    def flaky(file: epath.Path, text: str) -> None:
        if next(tries) in (1, 2):
            raise BucketError("Service Unavailable, 503")
        write(file, text)

    monkeypatch.setattr(liveness, "replace_text", flaky)
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    with heartbeats:
        deadline = time.monotonic() + 60
        while json.loads((tmp_path / "0.json").read_text())["number"] < 4:
            assert time.monotonic() < deadline, "the writing thread has died"
            time.sleep(0.01)
    assert caplog.text.count("cannot write this process's heartbeat: Service Unavailable") == 2
    assert json.loads((tmp_path / "0.json").read_text())["ended"]


def test_a_second_signal_does_not_interrupt_the_saving_of_the_first():
    handler, finished = PreemptionHandler(), False
    with pytest.raises(Interrupted), handler.interruptible():
        try:
            handler.signal_in_main_thread(signal.SIGTERM)
        finally:
            handler.signal_in_main_thread(signal.SIGINT)
            finished = True
    assert finished and handler.requested
