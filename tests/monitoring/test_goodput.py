"""Seconds of a run by phase, over its restarts."""

import json
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

from tests.support.toy_task import ToyTask, toy_spec
from timesuite_jax import parallel, training
from timesuite_jax.monitoring import goodput as module
from timesuite_jax.monitoring.goodput import NAME, Goodput
from timesuite_jax.parallel import MeshSpec


class Clock:
    """Time that a test advances."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now

    perf_counter = time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def seconds(folder: Path) -> dict[str, float]:
    return {name: value for name, value in json.loads((folder / NAME).read_text())["seconds"].items() if value}


def test_a_restart_counts_the_steps_it_undoes(tmp_path: Path, clock: Clock):
    with Goodput(tmp_path) as goodput:
        clock.now += 5
        goodput.begin_steps(0)
        clock.now += 30
        goodput.mark(10)
        with goodput.spending("save"):
            clock.now += 2
        clock.now += 12  # steps 11 to 14, which no checkpoint holds
        with goodput.spending("evaluate"):
            clock.now += 1
        assert goodput.step_seconds() == 42
    assert seconds(tmp_path) == {"start": 5, "steps": 42, "save": 2, "evaluate": 1}
    clock.now += 3600  # the machine is preempted
    with Goodput(tmp_path) as goodput:
        clock.now += 4
        goodput.begin_steps(10)
        clock.now += 20
        metrics = goodput.metrics()
        assert metrics["goodput"] == pytest.approx(50 / (50 + 12 + 9 + 2 + 1))
        assert metrics["hours/lost"] == pytest.approx(12 / 3600)
        assert metrics["hours/away"] == pytest.approx(1.0)
        assert (
            goodput.summary() == "67.6% of 74.0 s; away 60.0 min, lost 12.0 s, start 9.0 s, save 2.0 s, evaluate 1.0 s"
        )


def test_one_process_writes_periodically(tmp_path: Path, clock: Clock):
    with Goodput(tmp_path) as goodput, Goodput(tmp_path, write=False) as other:
        for one in (goodput, other):
            one.begin_steps(0)
        clock.now += 59
        goodput.metrics()
        assert not (tmp_path / NAME).exists()
        clock.now += 2
        other.metrics()
        assert not (tmp_path / NAME).exists()
        goodput.metrics()
        assert seconds(tmp_path) == {"steps": 61}


def test_a_damaged_record_is_ignored(tmp_path: Path, clock: Clock):
    for text in ("{", "[]", '{"seconds": {"steps": "x"}, "steps_until": {}, "at": 0}'):
        (tmp_path / NAME).write_text(text)
        with Goodput(tmp_path) as goodput:
            goodput.begin_steps(7)
            clock.now += 3
        assert seconds(tmp_path) == {"steps": 3}


def test_a_write_error_does_not_end_a_run(tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture):
    (tmp_path / NAME).mkdir()
    with Goodput(tmp_path) as goodput:
        goodput.begin_steps(0)
        goodput.mark(5)
    assert f"{NAME} is not up to date" in caplog.text


def test_compilation_does_not_count_as_steps(tmp_path: Path):
    inner = jax.jit(lambda x: jnp.sin(x) * 2)

    def slow(x: jax.Array) -> jax.Array:
        time.sleep(0.2)  # while it is traced
        return inner(x) + inner(x + 1)

    with Goodput(tmp_path) as goodput:
        goodput.begin_steps(0)
        began = time.perf_counter()
        jax.jit(slow)(jnp.ones(3)).block_until_ready()
        time.sleep(0.1)
        took = time.perf_counter() - began
        hours = goodput.metrics()
    compiled, stepped = (3600 * hours[f"hours/{name}"] for name in ("compile", "steps"))
    assert compiled > 0.2 and stepped > 0.09  # counted twice, a span of tracing would leave nothing for steps
    assert compiled + stepped == pytest.approx(took, abs=0.05)


def test_a_resumed_run_continues_its_record(tmp_path: Path):
    mesh = parallel.make_mesh(MeshSpec(), jax.devices()[:1])
    for steps in (5, 10):
        result = training.run(ToyTask(), toy_spec(total_steps=steps), tmp_path, mesh)
    record = json.loads((tmp_path / NAME).read_text())
    assert list(record["steps_until"]) == ["0", "5", "10"]
    assert all(record["seconds"][name] > 0 for name in ("start", "compile", "steps", "save", "evaluate", "away"))
    assert 0 < result.metrics["goodput"] < 1
    assert result.metrics["peak_memory_gib"] > 0.05
