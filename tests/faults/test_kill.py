"""A real process is killed without warning and started again: nothing of it may be seen in the result."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

PROGRAM = Path(__file__).parent.parent / "training" / "toy_task.py"
STEPS = 60


def start(workdir: Path, *prefix: str) -> subprocess.Popen:
    command = [
        *prefix,
        sys.executable,
        str(PROGRAM),
        str(workdir),
        f"--steps={STEPS}",
        "--save-every=3",
        "--delay=0.05",
    ]
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": ""}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def finish(workdir: Path) -> list[np.ndarray]:
    """Runs to the end; the final parameters."""
    process = start(workdir)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    with np.load(next(workdir.glob("final-*.npz"))) as arrays:
        return [arrays[name] for name in arrays.files]


def complete(workdir: Path) -> set[str]:
    return {path.name for path in (workdir / "checkpoints").glob("*") if path.name.isdigit()}


def test_killed_runs_end_with_the_same_bits(tmp_path: Path):
    expected = finish(tmp_path / "whole")
    workdir, chance, kills = tmp_path / "killed", random.Random(0), 0
    while kills < 2:
        before = complete(workdir)
        process = start(workdir)
        deadline = time.monotonic() + 120
        while complete(workdir) <= before and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)  # until it has saved something new
        time.sleep(chance.uniform(0.0, 0.5))  # then at any instant: in a step, in a save
        process.kill()
        process.communicate()
        assert process.returncode == -9, "the run ended before it could be killed"
        kills += 1
    actual = finish(workdir)
    assert len(actual) == len(expected)
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_full_disk_is_named(tmp_path: Path):
    # A limit on the size of a file is the full disk that needs no privileges: writing fails with an errno just so.
    process = start(tmp_path, "bash", "-c", 'ulimit -f 1; exec "$@"', "limited")
    _, errors = process.communicate(timeout=300)
    assert process.returncode != 0
    named = [line for line in errors.splitlines() if line.startswith("timesuite_jax.errors.UserError")]
    assert named, errors
    assert f"cannot write to {tmp_path}" in named[-1]
    assert "choose another work folder" in named[-1]
    assert complete(tmp_path) == set(), "a checkpoint that could not be written must not look whole"


@pytest.mark.parametrize("moment", ["first step", "later"])
def test_sigterm_ends_the_process_in_peace(tmp_path: Path, moment: str):
    process = start(tmp_path)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if complete(tmp_path) if moment == "later" else (tmp_path / "parameters.txt").exists():
            break
        time.sleep(0.01)
    process.terminate()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "asked to by SIGTERM; saved" in errors
