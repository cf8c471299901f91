"""Results come in order; items that hang or crash their process are named, and cost only themselves."""

import multiprocessing
import time

import pytest

from tests.support.faulty_decoder import act
from timesuite_jax.data.corpora.worker_pool import Killed, WorkerPool


def run(items, workers=2, limit_s=60.0):
    with WorkerPool(act, workers, lambda _: limit_s) as pool:
        return list(pool.map(items))


@pytest.mark.parametrize("workers", [1, 3])
def test_results_are_in_order(workers):
    items = [f"item {n}" for n in range(100)]
    assert run(items, workers) == [item.upper() for item in items]
    assert run([]) == []


def test_a_crash_is_named_and_the_rest_is_done():
    results = run(["a", "crash", "b", "exit", "c"])
    assert results[::2] == ["A", "B", "C"]
    assert results[1] == Killed("crash", "crashes the decoder (signal SIGSEGV)")
    assert results[3] == Killed("crash", "crashes the decoder (exit code 7)")


def test_an_item_is_done_again_after_a_crash_that_was_not_its_own(tmp_path):
    assert run([f"once:{tmp_path}/mark", "a"], workers=1) == ["second", "A"]


def test_a_hanging_item_is_killed_at_its_deadline():
    before = time.monotonic()
    results = run(["hang", *"abcdefgh"], workers=1, limit_s=1.0)
    assert results[0].kind == "deadline" and "within 1 s" in results[0].problem
    assert results[1:] == list("ABCDEFGH") and time.monotonic() - before < 60


def test_an_exception_is_raised_here_and_no_process_remains():
    with pytest.raises(ValueError, match="not an item"):
        run(["a", "raise", "b"])
    with WorkerPool(act, 2, lambda _: 60.0) as pool:
        assert next(pool.map(iter(["a", "hang"]))) == "A"
    assert not [child for child in multiprocessing.active_children() if child.is_alive()]


def test_items_are_read_as_they_are_needed():
    read = []

    def items():
        for n in range(10_000):
            read.append(n)
            yield f"{n}"

    with WorkerPool(act, 2, lambda _: 60.0) as pool:
        results = pool.map(items())
        assert [next(results) for _ in range(3)] == ["0", "1", "2"]
        assert len(read) < 40
