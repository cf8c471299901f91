"""A notice at any moment: a checkpoint of the current step, well before the machine is gone, and its exit code."""

import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.fork_server import ForkServer, Process
from tests.support.paths import TINY_CONFIG

NOTICE = 25.0  # seconds, of the 30 that spot capacity gives


def steps(workdir: Path) -> list[int]:
    return sorted(int(path.name) for path in (workdir / "checkpoints").glob("*") if path.name.isdigit())


def stop(process: Process, notice: signal.Signals = signal.SIGTERM) -> float:
    """Sends a notice; the seconds until the process has ended well."""
    began = time.monotonic()
    process.send(notice)
    assert process.wait(60) == (130 if notice == signal.SIGINT else 0), process.said
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("moment", "notice", "expected"),
    [
        ("start: compile", signal.SIGTERM, []),  # nothing has been learnt, so there is nothing to save
        ("start: compile", signal.SIGINT, []),
        ("resumed: compile", signal.SIGTERM, [20]),  # what there was is still there
        ("start: another compile", signal.SIGTERM, [7]),  # for a batch of another shape
        ("resumed: evaluation", signal.SIGTERM, [20, 24]),
        ("start: data", signal.SIGTERM, [7]),
        ("start: data", signal.SIGINT, [7]),
        ("start: save", signal.SIGTERM, [5]),
    ],
)
def test_it_saves_the_current_step_and_leaves(
    fork_server: ForkServer, tmp_path: Path, moment: str, notice: signal.Signals, expected: list[int]
):
    begin, _, place = moment.partition(": ")
    if begin == "resumed":
        assert fork_server.start(tmp_path, "--steps=20", "--save-every=20").wait() == 0
    options = {
        "compile": ["--hang-in=compile"],
        "another compile": ["--hang-in=another compile", "--hang-at=7"],
        "evaluation": ["--hang-in=evaluation", "--eval-every=4"],
        "data": ["--hang-in=data", "--hang-at=7"],
        "save": ["--slow-saves=1", "--delay=0.3"],
    }[place]
    process = fork_server.start(tmp_path, "--steps=30", f"--save-every={5 if place == 'save' else 30}", *options)
    process.wait_for("here: save of checkpoints" if place == "save" else f"here: {place}")
    seconds = stop(process, notice)
    assert seconds < NOTICE
    name = "Ctrl-C" if notice == signal.SIGINT else "SIGTERM"
    assert f"stopped by {name}; nothing was lost" in process.said
    assert "Traceback" not in process.said
    found = steps(tmp_path)
    # Where `run` cannot return, `on_stop` is called instead.
    assert ("on_stop: step" in process.said) == (place in ("compile", "another compile", "evaluation"))
    if place in ("compile", "another compile", "evaluation"):
        assert f"on_stop: step {max(expected, default=0)}\n" in process.said
    if place == "save":  # and the steps that were made while it was written
        assert found[0] == 5 and f"step {found[-1]}/30  stopped" in process.said
    else:
        assert found == expected


def test_a_second_ctrl_c_ends_at_once(fork_server: ForkServer, tmp_path: Path):
    process = fork_server.start(tmp_path, "--steps=30", "--save-every=5", "--slow-saves=60", "--delay=0.1")
    process.wait_for("first step")
    process.send(signal.SIGINT)
    process.wait_for("a second Ctrl-C ends at once")
    assert stop(process, signal.SIGINT) < 20, "while a save goes on, which it does not wait for"
    assert "ended by a second Ctrl-C" in process.said
    assert steps(tmp_path) == []


def test_it_leaves_though_nobody_reads_what_it_prints():
    """As where a program that asked for figures has gone, and they wait in a buffer."""
    script = "from timesuite_jax.resilience.preemption import exit_now; print('{}'); exit_now('stopped', 5)"
    reader, writer = os.pipe()
    os.close(reader)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-c", script]
    for streams in ({"stdout": writer}, {"stdout": writer, "stderr": writer}):
        assert subprocess.run(command, **streams, env=environment).returncode == 5
    os.close(writer)


def test_it_leaves_a_terminal_with_its_cursor():
    script = (
        "import rich.progress; from timesuite_jax.resilience.preemption import exit_now;"
        "rich.progress.Progress().start(); exit_now('stopped', 5)"
    )
    ours, its = pty.openpty()
    terminal = {**os.environ, "TERM": "xterm"}
    run = subprocess.run([sys.executable, "-c", script], stdin=its, stdout=its, stderr=its, env=terminal)
    os.close(its)
    with suppress(OSError):  # how a terminal ends whose other side is closed
        said = b""
        while piece := os.read(ours, 4096):
            said += piece
    os.close(ours)
    assert run.returncode == 5 and b"stopped" in said
    assert -1 < said.rindex(b"\x1b[?25l") < said.rindex(b"\x1b[?25h")


@pytest.mark.nightly
def test_a_terminals_ctrl_c_which_goes_to_the_data_workers_too(tiny_corpus: Path, tmp_path: Path):
    config = f"{TINY_CONFIG}:{tiny_corpus}"
    words = ["--workdir", str(tmp_path / "run"), "--config.training.total_steps=100000", "--config.data.workers=2"]
    command = [sys.executable, "-m", "timesuite_jax.cli.main", "train", config, *words]
    with (tmp_path / "said").open("w") as said:
        run = subprocess.Popen(command, stdout=said, stderr=said, process_group=0)
    deadline = time.monotonic() + 120
    while "step 3/100000" not in (tmp_path / "said").read_text() and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGINT)
    assert run.wait(60) == 130, (tmp_path / "said").read_text()
    said = (tmp_path / "said").read_text()
    assert "stopped by Ctrl-C; nothing was lost" in said
    assert "Traceback" not in said and "KeyboardInterrupt" not in said
    assert len(steps(tmp_path / "run")) == 1


@pytest.mark.nightly
def test_sixty_instants(fork_server: ForkServer, tmp_path: Path):
    """At random instants of a run that steps, saves and evaluates; the run goes on from each."""
    import random

    chance, slowest, at = random.Random(0), 0.0, 0
    for _ in range(60):
        process = fork_server.start(tmp_path, "--steps=100000", "--save-every=7", "--eval-every=5", "--delay=0.01")
        process.wait_for("first step", 60)
        time.sleep(chance.uniform(0, 1.5))
        slowest = max(slowest, stop(process, chance.choice([signal.SIGTERM, signal.SIGINT])))
        newest = steps(tmp_path)[-1] if steps(tmp_path) else 0
        assert newest >= at
        at = newest
    print(f"60 of 60 ended with a checkpoint, the slowest after {slowest:.2f} s, at step {at}")
    assert slowest < NOTICE
