"""SIGTERM at any moment: a checkpoint of the current step, well before the machine is gone, and exit code 0."""

import signal
import time
from pathlib import Path

import pytest
from nursery import Nursery, Process

NOTICE = 25.0  # seconds, of the 30 that spot capacity gives


def steps(workdir: Path) -> list[int]:
    return sorted(int(path.name) for path in (workdir / "checkpoints").glob("*") if path.name.isdigit())


def terminate(process: Process) -> float:
    """Sends SIGTERM; the seconds until the process has ended well."""
    began = time.monotonic()
    process.send(signal.SIGTERM)
    assert process.wait(60) == 0, process.said
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("start: compile", []),  # nothing has been learnt, so there is nothing to save
        ("resumed: compile", [20]),  # what there was is still there
        ("resumed: evaluation", [20, 24]),
        ("start: data", [7]),
        ("start: save", [5]),
    ],
)
def test_it_saves_the_current_step_and_leaves(nursery: Nursery, tmp_path: Path, moment: str, expected: list[int]):
    begin, _, place = moment.partition(": ")
    if begin == "resumed":
        assert nursery.start(tmp_path, "--steps=20", "--save-every=20").wait() == 0
    options = {
        "compile": ["--hang-in=compile"],
        "evaluation": ["--hang-in=evaluation", "--eval-every=4"],
        "data": ["--hang-in=data", "--hang-at=7"],
        "save": ["--slow-saves=1", "--delay=0.3"],
    }[place]
    process = nursery.start(tmp_path, "--steps=30", f"--save-every={5 if place == 'save' else 30}", *options)
    process.wait_for("here: save of checkpoints" if place == "save" else f"here: {place}")
    seconds = terminate(process)
    assert seconds < NOTICE
    assert "asked to by SIGTERM; nothing was lost" in process.said
    found = steps(tmp_path)
    if place == "save":  # and the steps that were made while it was written
        assert found[0] == 5 and f"step {found[-1]}/30  stopped" in process.said
    else:
        assert found == expected


@pytest.mark.nightly
def test_sixty_instants(nursery: Nursery, tmp_path: Path):
    """At random instants of a run that steps, saves and evaluates; the run goes on from each."""
    import random

    chance, slowest, at = random.Random(0), 0.0, 0
    for _ in range(60):
        process = nursery.start(tmp_path, "--steps=100000", "--save-every=7", "--eval-every=5", "--delay=0.01")
        process.wait_for("first step", 60)
        time.sleep(chance.uniform(0, 1.5))
        slowest = max(slowest, terminate(process))
        newest = steps(tmp_path)[-1] if steps(tmp_path) else 0
        assert newest >= at
        at = newest
    print(f"60 of 60 ended with a checkpoint, the slowest after {slowest:.2f} s, at step {at}")
    assert slowest < NOTICE
