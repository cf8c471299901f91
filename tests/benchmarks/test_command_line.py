"""Scripts end with one line after Ctrl-C, at every moment, and so do their child processes."""

import ast
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.paths import BENCHMARKS

SCRIPTS = sorted(path.name for path in BENCHMARKS.glob("*.py") if "__main__" in path.read_text())
# These print the number of each run, which has a progress bar of its own.
PRINT_NUMBERS = ("aot_table.py", "recommender_results.py")


@pytest.fixture(autouse=True)
def ctrl_c_is_not_ignored() -> Iterator[None]:
    """Shells ignore it in background jobs, and processes inherit that."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


def start(*words: object) -> subprocess.Popen:
    """Starts Python in a process group of its own, as a terminal does."""
    return subprocess.Popen(
        [sys.executable, *map(str, words)], stderr=subprocess.PIPE, text=True, cwd=BENCHMARKS, start_new_session=True
    )


def wait(ready: Callable[[], object], process: subprocess.Popen | None = None) -> None:
    """Waits until something is `ready`, while the process runs."""
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline and (process is None or process.poll() is None)
        time.sleep(0.02)


def interrupt(process: subprocess.Popen, ready: Callable[[], object]) -> str:
    """Sends Ctrl-C to the process and its children once it is `ready`; returns what it prints until it ends."""
    wait(ready, process)
    os.killpg(process.pid, signal.SIGINT)
    return process.communicate(timeout=60)[1]


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    try:
        return " Z" not in Path(f"/proc/{pid}/status").read_text().replace("\t", " ")
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_runs_its_main_by_run_main(script: str):
    *_, last = ast.parse((BENCHMARKS / script).read_text()).body
    assert ast.unparse(last).endswith("command_line.run_main(main)")


@pytest.mark.parametrize("script", sorted({*SCRIPTS} - {*PRINT_NUMBERS}))
def test_a_script_shows_progress(script: str):
    """Itself, or by the module that interleaves its repetitions."""
    text = (BENCHMARKS / script).read_text()
    assert "track(" in text or "compare(" in text


@pytest.mark.parametrize("script", SCRIPTS)
def test_frameworks_are_imported_after_the_handling_of_ctrl_c(script: str):
    imports = [ast.unparse(node) for node in ast.parse((BENCHMARKS / script).read_text()).body]
    slow = [n for n, text in enumerate(imports) if text.split()[:2] in (["import", "jax"], ["import", "numpy"])]
    assert all(imports.index("import command_line") < number for number in slow)


def test_ctrl_c_while_a_script_is_imported():
    process = start("-c", "import command_line, time, sys; print(file=sys.stderr, flush=True); time.sleep(60)")
    assert process.stderr is not None and process.stderr.readline() == "\n"
    assert interrupt(process, lambda: True) == "-c: interrupted\n"
    assert process.returncode == -signal.SIGINT  # which a shell reports as 130


def test_ctrl_c_in_a_script(tmp_path: Path):
    data = tmp_path / "data.npz"
    os.mkfifo(data)

    def is_opened() -> bool:
        try:
            os.close(os.open(data, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:  # without a reader
            return False
        return True

    process = start("transition_coverage.py", data)
    assert interrupt(process, is_opened) == "transition_coverage: interrupted\n"
    assert process.returncode == 130


@pytest.mark.parametrize("script", ["internvideo2_speed", "step_speed"])
def test_ctrl_c_in_a_script_with_a_child(script: str):
    """A `SideProcess`, and a child of `run_child`."""
    process, found = start(f"{script}.py", "--tiny"), []

    def has_child() -> bool:
        found.extend(children(process.pid))
        return bool(found)

    assert interrupt(process, has_child) == f"{script}: interrupted\n"
    assert process.returncode == 130
    wait(lambda: not any(map(is_running, found)))  # that of `multiprocessing` ends a little later


def test_a_mistake_of_the_user_is_one_line(tmp_path: Path):
    process = start("transition_coverage.py", tmp_path / "missing.npz")
    _, error = process.communicate(timeout=60)
    assert process.returncode == 2 and error.count("\n") == 1 and "missing.npz" in error
