"""Results come in order, few are computed ahead, and an error ends the iteration."""

import threading

import pytest

from timesuite_jax.evaluation.map_ahead import map_ahead


@pytest.mark.parametrize("threads", [0, 1, 3, 20])
def test_results_are_in_order(threads):
    assert list(map_ahead(lambda x: x * x, range(10), threads)) == [x * x for x in range(10)]


def test_few_are_computed_ahead():
    started, two = [], threading.Event()

    def note(item: int) -> int:
        started.append(item)
        if item == 2:
            two.set()
        return item

    results = map_ahead(note, range(100), 2)
    assert next(results) == 0 and two.wait(10)
    assert len(started) <= 3
    results.close()


def test_an_error_is_raised_in_its_place():
    def fail(item: int) -> int:
        if item == 2:
            raise ValueError("two")
        return item

    results = map_ahead(fail, range(5), 2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)
