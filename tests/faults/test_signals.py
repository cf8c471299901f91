"""SIGTERM and Ctrl-C at any moment: a checkpoint of the current step within seconds, and the exit code."""

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

DEADLINE = 25.0  # seconds, of the 30 of spot capacity


def steps(workdir: Path) -> list[int]:
    return sorted(int(path.name) for path in (workdir / "checkpoints").glob("*") if path.name.isdigit())


def stop(process: Process, number: signal.Signals = signal.SIGTERM) -> float:
    """Sends a signal; returns the seconds until the process has ended without an error."""
    began = time.monotonic()
    process.send(number)
    assert process.wait(60) == (130 if number == signal.SIGINT else 0), process.output
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("moment", "number", "expected"),
    [
        ("start: compile", signal.SIGTERM, []),  # no step has been trained, so there is nothing to save
        ("start: compile", signal.SIGINT, []),
        ("resumed: compile", signal.SIGTERM, [20]),  # the earlier checkpoint is kept
        ("start: another compile", signal.SIGTERM, [7]),  # for a batch of another shape
        ("resumed: evaluation", signal.SIGTERM, [20, 24]),
        ("start: data", signal.SIGTERM, [7]),
        ("start: data", signal.SIGINT, [7]),
        ("start: save", signal.SIGTERM, [5]),
    ],
)
def test_it_saves_the_current_step_and_exits(
    fork_server: ForkServer, tmp_path: Path, moment: str, number: signal.Signals, expected: list[int]
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
    process.wait_for("reached: save of checkpoints" if place == "save" else f"reached: {place}")
    seconds = stop(process, number)
    assert seconds < DEADLINE
    name = "Ctrl-C" if number == signal.SIGINT else "SIGTERM"
    assert f"stopped by {name}; nothing was lost" in process.output
    assert "Traceback" not in process.output
    found = steps(tmp_path)
    # Where `run` cannot return, `on_stop` is called instead.
    assert ("on_stop: step" in process.output) == (place in ("compile", "another compile", "evaluation"))
    if place in ("compile", "another compile", "evaluation"):
        assert f"on_stop: step {max(expected, default=0)}\n" in process.output
    if place == "save":  # and the steps trained during the save
        assert found[0] == 5 and f"step {found[-1]}/30  stopped" in process.output
    else:
        assert found == expected


def test_a_second_ctrl_c_ends_at_once(fork_server: ForkServer, tmp_path: Path):
    process = fork_server.start(tmp_path, "--steps=30", "--save-every=5", "--slow-saves=60", "--delay=0.1")
    process.wait_for("first step")
    process.send(signal.SIGINT)
    process.wait_for("a second Ctrl-C ends at once")
    assert stop(process, signal.SIGINT) < 20, "it must not wait for the save"
    assert "ended by a second Ctrl-C" in process.output
    assert steps(tmp_path) == []


def test_it_exits_if_the_reader_of_its_output_has_gone():
    """With output still in a buffer."""
    script = "from timesuite_jax.resilience.preemption import exit_now; print('{}'); exit_now('stopped', 5)"
    reader, writer = os.pipe()
    os.close(reader)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-c", script]
    for streams in ({"stdout": writer}, {"stdout": writer, "stderr": writer}):
        assert subprocess.run(command, **streams, env=environment).returncode == 5
    os.close(writer)


def test_it_restores_the_cursor_of_a_terminal():
    script = (
        "import rich.progress; from timesuite_jax.resilience.preemption import exit_now;"
        "rich.progress.Progress().start(); exit_now('stopped', 5)"
    )
    parent, child = pty.openpty()
    terminal = {**os.environ, "TERM": "xterm"}
    run = subprocess.run([sys.executable, "-c", script], stdin=child, stdout=child, stderr=child, env=terminal)
    os.close(child)
    with suppress(OSError):  # raised at the end of a terminal whose other side is closed
        output = b""
        while piece := os.read(parent, 4096):
            output += piece
    os.close(parent)
    assert run.returncode == 5 and b"stopped" in output
    assert -1 < output.rindex(b"\x1b[?25l") < output.rindex(b"\x1b[?25h")


@pytest.mark.nightly
def test_ctrl_c_of_a_terminal_also_reaches_the_data_workers(tiny_corpus: Path, tmp_path: Path):
    config = f"{TINY_CONFIG}:{tiny_corpus}"
    words = ["--workdir", str(tmp_path / "run"), "--config.training.total_steps=100000", "--config.data.workers=2"]
    command = [sys.executable, "-m", "timesuite_jax.cli.main", "train", config, *words]
    with (tmp_path / "output").open("w") as output:
        run = subprocess.Popen(command, stdout=output, stderr=output, process_group=0)
    deadline = time.monotonic() + 120
    while "step 3/100000" not in (tmp_path / "output").read_text() and run.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGINT)
    assert run.wait(60) == 130, (tmp_path / "output").read_text()
    output = (tmp_path / "output").read_text()
    assert "stopped by Ctrl-C; nothing was lost" in output
    assert "Traceback" not in output and "KeyboardInterrupt" not in output
    assert len(steps(tmp_path / "run")) == 1


@pytest.mark.nightly
def test_sixty_instants(fork_server: ForkServer, tmp_path: Path):
    """At random instants of a run that steps, saves and evaluates; the run resumes after each."""
    import random

    rng, slowest, at = random.Random(0), 0.0, 0
    for _ in range(60):
        process = fork_server.start(tmp_path, "--steps=100000", "--save-every=7", "--eval-every=5", "--delay=0.01")
        process.wait_for("first step", 60)
        time.sleep(rng.uniform(0, 1.5))
        slowest = max(slowest, stop(process, rng.choice([signal.SIGTERM, signal.SIGINT])))
        newest = steps(tmp_path)[-1] if steps(tmp_path) else 0
        assert newest >= at
        at = newest
    print(f"60 of 60 ended with a checkpoint, the slowest after {slowest:.2f} s, at step {at}")
    assert slowest < DEADLINE
