"""The roll call goes on while storage fails; with several processes it is tried in tests/faults."""

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
    """As gcsfs raises when a bucket answers with 503: of no class that Python has."""


def test_a_bucket_that_fails_for_a_while_is_no_lost_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    calls = liveness.Heartbeats(epath.Path(tmp_path), PreemptionHandler(), timeout=0.12)
    write, tries = liveness.replace_text, itertools.count()

    def flaky(file: epath.Path, text: str) -> None:
        if next(tries) in (1, 2):
            raise BucketError("Service Unavailable, 503")
        write(file, text)

    monkeypatch.setattr(liveness, "replace_text", flaky)
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    with calls:
        deadline = time.monotonic() + 60
        while json.loads((tmp_path / "0.json").read_text())["number"] < 4:
            assert time.monotonic() < deadline, "the thread that writes has died"
            time.sleep(0.01)
    assert caplog.text.count("cannot write this process's heartbeat: Service Unavailable") == 2
    assert json.loads((tmp_path / "0.json").read_text())["ended"]


def test_a_second_notice_does_not_break_off_what_the_first_began():
    stop, tidied = PreemptionHandler(), False
    with pytest.raises(Interrupted), stop.interruptible():
        try:
            stop.signal_in_main_thread(signal.SIGTERM)
        finally:
            stop.signal_in_main_thread(signal.SIGINT)
            tidied = True
    assert tidied and stop.requested
