"""Thousands of decodes and hundreds of saves do not leak memory, each measured in a process of its own."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.support.paths import ROOT


def measure(*words: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.run_memory", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=3600,
    )
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    return json.loads(done.stdout)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_ten_thousand_decodes():
    measured = measure("decodes", "10000")
    assert 0 < measured["failed"] < measured["decodes"], "some decodes must fail and some succeed"
    assert measured["mib_per_1000"] < 1


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_two_hundred_saves():
    measured = measure("saves", "200", "--mib", "384")
    # A copy of the state, and buffers of the writes.
    assert measured["peak_over_state"] <= 1.3
    assert measured["mib_per_100"] < 0.2 * measured["state_mib"]
