"""Processes that are killed and started again end with the same result."""

import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from tests.support.fork_server import ForkServer

OPTIONS = ("--steps=60", "--save-every=3", "--delay=0.02")


def final(workdir: Path) -> list[np.ndarray]:
    with np.load(workdir / "final.npz") as arrays:
        return [arrays[name] for name in arrays.files]


def complete(workdir: Path) -> set[str]:
    return {path.name for path in (workdir / "checkpoints").glob("*") if path.name.isdigit()}


@pytest.fixture(scope="module")
def expected(fork_server: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> list[np.ndarray]:
    """Final arrays of an uninterrupted run."""
    workdir = tmp_path_factory.mktemp("whole")
    assert fork_server.start(workdir, *OPTIONS).wait() == 0
    return final(workdir)


def kill_often(fork_server: ForkServer, workdir: Path, kills: int, seed: int) -> int:
    """Kills at random instants, every third time during a save; returns how many saves were interrupted."""
    rng, interrupted, done = random.Random(seed), 0, 0
    while done < kills:
        in_save = done % 3 == 0
        process = fork_server.start(workdir, *OPTIONS, *(["--slow-saves=0.2"] if in_save else []))
        if in_save:
            process.wait_for("reached: save of checkpoints")
            time.sleep(rng.uniform(0, 0.1))
        else:
            process.wait_for("first step")
            time.sleep(rng.uniform(0, 0.6))
        process.send(signal.SIGKILL)
        if process.wait() == 0:  # the run ended before the signal
            (workdir / "final.npz").unlink()
            for path in (workdir / "checkpoints").iterdir():
                if path.name.isdigit() and int(path.name) > 9:
                    path.rename(workdir / f"later-{done}-{path.name}")
            continue
        done += 1
        interrupted += any("tmp" in path.name for path in (workdir / "checkpoints").glob("*"))
    return interrupted


def test_a_run_killed_four_times_ends_with_the_same_bits(
    fork_server: ForkServer, tmp_path: Path, expected: list[np.ndarray]
):
    assert kill_often(fork_server, tmp_path, 4, seed=0) >= 1, "a kill must interrupt a save"
    assert fork_server.start(tmp_path, *OPTIONS).wait() == 0
    assert not (tmp_path / "damaged").exists(), "visible checkpoints are complete"
    for a, b in zip(final(tmp_path), expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(1, 21))
def test_killed_two_hundred_times(fork_server: ForkServer, tmp_path: Path, expected: list[np.ndarray], seed: int):
    """Twenty runs, each killed ten times at other instants."""
    interrupted = kill_often(fork_server, tmp_path, 10, seed)
    assert fork_server.start(tmp_path, *OPTIONS).wait() == 0
    assert not (tmp_path / "damaged").exists()
    for a, b in zip(final(tmp_path), expected, strict=True):
        np.testing.assert_array_equal(a, b)
    print(f"killed 10 times, {interrupted} of them during a save: bitwise equal")


def test_a_full_disk_is_named(fork_server: ForkServer, tmp_path: Path):
    process = fork_server.start(tmp_path, "--width=4096", "--file-limit=150000")
    assert process.wait() == 2, process.output[-3000:]
    named = [line for line in process.output.splitlines() if line.startswith("UserError")]
    assert named, process.output
    assert f"cannot write to {tmp_path}" in named[-1]
    assert "choose another work folder" in named[-1]
    assert complete(tmp_path) == set(), "a checkpoint that could not be written must not look whole"
