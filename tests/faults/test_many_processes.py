"""Runs of several processes: the same numbers in any layout, each sample once, an end with a name if one is lost."""

import signal
import time
from pathlib import Path

import numpy as np
import pytest

from tests.support.fork_server import ForkServer, Process
from tests.support.toy_processes import start
from tests.support.toy_task import SAMPLES

BATCH = 16
ONE_OF_TWO = (0, pytest.param(1, marks=pytest.mark.nightly))


def finish(processes: list[Process]) -> None:
    for process in processes:
        assert process.wait(180) == 0, process.output[-3000:]


def final(workdir: Path) -> list[np.ndarray]:
    with np.load(workdir / "final.npz") as arrays:
        return [arrays[name] for name in arrays.files]


@pytest.mark.nightly
def test_any_layout_resumes_from_any_other_and_reads_every_sample_once(fork_server: ForkServer, tmp_path: Path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, parts):
        folder.mkdir()
    finish(start(fork_server, whole, 1, 1, "--steps=12"))
    finish(start(fork_server, parts, 2, 4, "--fsdp=2", "--steps=5"))  # two hosts of four devices
    finish(start(fork_server, parts, 1, 1, "--steps=7"))  # one CPU
    finish(start(fork_server, parts, 1, 8, "--fsdp=8", "--steps=10"))  # one host of eight
    finish(start(fork_server, parts, 2, 1, "--steps=12"))
    for a, b in zip(final(parts), final(whole), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    # Samples of each step, by any process. No step is repeated, since every layout ended at its last step.
    seen: dict[int, list[int]] = {}
    for sample_log in parts.glob("sample-log-*"):
        for line in sample_log.read_text().splitlines():
            step, *samples = map(int, line.split())
            seen.setdefault(step, []).extend(samples)
    assert sorted(seen) == list(range(12))
    steps = SAMPLES // BATCH
    for first in range(0, 12, steps):
        epoch = [sample for step in range(first, first + steps) for sample in seen[step]]
        assert sorted(epoch) == list(range(SAMPLES))


def test_processes_that_share_a_layer_read_the_same_samples(fork_server: ForkServer, tmp_path: Path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, parts):
        folder.mkdir()
    finish(start(fork_server, whole, 1, 1, "--steps=3"))
    finish(start(fork_server, parts, 2, 2, "--tensor=4", "--steps=3"))
    for a, b in zip(final(parts), final(whole), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    (expected,) = (sample_log.read_text() for sample_log in whole.glob("sample-log-*"))
    assert [sample_log.read_text() for sample_log in parts.glob("sample-log-*")] == [expected] * 2


def test_the_others_name_a_killed_process(fork_server: ForkServer, tmp_path: Path):
    other, victim = start(fork_server, tmp_path, 2, 1, "--steps=100000", "--delay=0.05", "--process-timeout=8")
    victim.wait_for("first step")
    victim.send(signal.SIGKILL)
    began = time.monotonic()
    assert other.wait(90) == 3, other.output[-3000:]
    assert "process 1 (" in other.output and "has sent no heartbeat for" in other.output
    assert time.monotonic() - began < 60


def test_all_name_a_hung_process(fork_server: ForkServer, tmp_path: Path):
    lag = ["--hang-in=data", "--hang-at=5"]
    processes = start(fork_server, tmp_path, 2, 1, "--steps=100000", "--process-timeout=6", process_1=lag)
    for process in processes:
        assert process.wait(60) == 3, process.output[-3000:]
    assert "process 1 (" in processes[0].output and "has delayed the others" in processes[0].output
    assert "before step 6" in processes[0].output


def test_a_signal_to_one_stops_all_at_the_same_step(fork_server: ForkServer, tmp_path: Path):
    processes = start(fork_server, tmp_path, 2, 1, "--steps=100000", "--save-every=100000", "--delay=0.02")
    processes[1].wait_for("first step")
    processes[1].send(signal.SIGTERM)
    for process in processes:
        assert process.wait(60) == 0, process.output[-3000:]
        assert "nothing was lost" in process.output
    assert len(list((tmp_path / "checkpoints").glob("[0-9]*"))) == 1


@pytest.mark.parametrize("index", ONE_OF_TWO)
def test_all_report_an_error_of_one(fork_server: ForkServer, tmp_path: Path, index: int):
    wrong = {f"process_{index}": ["--data-ends-at=3"]}
    processes = start(fork_server, tmp_path, 2, 1, "--steps=100000", "--process-timeout=10", **wrong)
    codes = [process.wait(60) for process in processes]
    assert codes[index] == 2, processes[index].output[-3000:]
    assert codes[1 - index] == 3, processes[1 - index].output[-3000:]
    assert f"process {index} (" in processes[1 - index].output
    assert "has failed: the training data ended after 3" in processes[1 - index].output


@pytest.mark.parametrize("lack", ["data", "evaluations"])
def test_one_without_data_stops_all_before_a_folder_is_created(fork_server: ForkServer, tmp_path: Path, lack: str):
    processes = start(fork_server, tmp_path / "run", 2, 1, process_1=[f"--lack={lack}"])
    assert [process.wait(60) for process in processes] == [2, 2]
    assert "UserError: process 1 has failed: there is no corpus" in processes[0].output
    assert "UserError: there is no corpus" in processes[1].output
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("index", ONE_OF_TWO)
def test_a_save_that_fails_in_one_ends_all_and_names_it(fork_server: ForkServer, tmp_path: Path, index: int):
    full = {f"process_{index}": ["--disk-fills", "--file-limit=20000"]}
    options = ["--fsdp=2", "--width=4096", "--steps=100000", "--save-every=4", "--process-timeout=10"]
    processes = start(fork_server, tmp_path, 2, 1, *options, **full)
    codes = [process.wait(60) for process in processes]
    assert codes[index] == 2, processes[index].output[-3000:]
    assert codes[1 - index] == 3, processes[1 - index].output[-3000:]
    message = f"has failed: saving failed: cannot write to {tmp_path}: file too large"
    assert message in processes[index].output
    assert f"process {index} (" in processes[1 - index].output and message in processes[1 - index].output
    assert any(path.name.isdigit() for path in (tmp_path / "checkpoints").iterdir()), "the earlier checkpoint is kept"
