"""Temporary errors of a bucket lose nothing: an emulated bucket, with the client libraries of a real one."""

import json
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

pytestmark = pytest.mark.nightly


@pytest.mark.parametrize(
    ("status", "lost", "steps"),
    [
        ("503", False, [1, 2, 3]),  # retried by the client libraries
        ("403", True, [1, 3]),
    ],
)
def test_saving_survives_temporary_errors(status: str, lost: bool, steps: list[int]):
    pytest.importorskip("gcp_storage_emulator")
    pytest.importorskip("gcsfs")
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.run_bucket", status],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome.pop("refused") > 0
    assert outcome == {"lost": lost, "steps": steps, "sound": 3}
    assert ("Training continues; checkpoint 1 is safe" in done.stderr) == lost
