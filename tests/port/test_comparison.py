"""Comparison reports how two tensors differ."""

import ml_dtypes
import numpy as np
import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.port import compare
from timesuite_jax.port.comparison import Largest
from timesuite_jax.port.files.source import Arrays

NAN, INF = np.nan, np.inf


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        ([1.0, 2.0, NAN], [1.0, 2.5, NAN], "1 of 3 values differ, by at most 0.5"),
        ([1.0, 0.0], [1.0, -0.0], "1 of 2 values differ, by at most 0"),
        ([NAN, 1.0], [3.0, 1.0], "1 of 2 values differ, 1 of them with NaN or infinity"),
        ([INF, INF, 1.0], [-INF, INF, 2.0], "2 of 3 values differ, by at most 1, 1 of them with NaN or infinity"),
    ],
)
def test_differing_values_are_described(left, right, message):
    (difference,) = compare(*pair(np.float32(left), np.float32(right))).differences
    assert (difference.key, difference.what) == ("w", message)


def pair(left: np.ndarray, right: np.ndarray) -> tuple[Arrays, Arrays]:
    return Arrays("a", {"w": left}), Arrays("b", {"w": right})


def test_equal_bytes_are_the_same():
    arrays = {"w": np.float32([[NAN, 1.0]]), "scalar": np.float32(3), "none": np.zeros((0, 2))}
    found = compare(*[Arrays("a", arrays)] * 2)
    assert found.differences == [] and found.largest is None


@pytest.mark.parametrize(
    ("atol", "rtol", "count"),
    # Of 1 and 1.25, 100 and 101, 0 and 0.5: a distance equal to its limit is within it.
    [(0.5, 0.0, 1), (0.25, 0.0, 2), (1.0, 0.0, 0), (0.0, 0.2, 1), (0.0, 0.19, 2), (0.5, 0.005, 0), (0.4, 0.0, 2)],
)
def test_tolerances(atol, rtol, count):
    found = compare(*pair(np.float32([1.0, 100.0, 0.0]), np.float32([1.25, 101.0, 0.5])), atol=atol, rtol=rtol)
    assert [difference.what[:6] for difference in found.differences] == ([f"{count} of 3"] if count else [])
    assert found.largest == Largest("w", 1.0, 1 / 101)


@pytest.mark.parametrize(
    ("left", "right", "same"), [(NAN, NAN, True), (INF, INF, True), (INF, -INF, False), (1, NAN, False)]
)
def test_tolerances_of_values_that_are_not_finite(left, right, same):
    found = compare(*pair(np.float32([left, 1.0]), np.float64([right, 1.0])), atol=1e9)
    assert bool(found.differences) != same and found.largest is None


def test_types_are_compared_by_value_with_tolerances_only():
    sides = pair(np.float32([1.001, 2.0]), np.float32([1.001, 2.0]).astype(ml_dtypes.bfloat16))
    assert compare(*sides).differences[0].what == "float32 [2] against bfloat16 [2]"
    # bfloat16 keeps 8 bits: the relative error of rounding is at most 2^-9.
    assert compare(*sides, rtol=2**-8).differences == []
    integers = pair(np.int32([1]), np.int32([2]))
    assert compare(*integers, atol=5.0).differences[0].what == "1 of 1 values differ, by at most 1"


def test_a_tensor_of_several_chunks(monkeypatch):
    monkeypatch.setattr("timesuite_jax.port.comparison._CHUNK", 4)
    left = np.arange(10, dtype=np.float32)
    right = left.copy()
    right[[1, 5, 9]] += np.float32([0.5, -2.0, 0.25])
    found = compare(*pair(left.reshape(2, 5), right.reshape(2, 5)))
    assert found.differences[0].what == "3 of 10 values differ, by at most 2"
    assert found.largest == Largest("w", 2.0, 2.0 / 9.25)


@pytest.mark.parametrize("name", ["atol", "rtol"])
@pytest.mark.parametrize("value", [-1, float("inf"), float("nan")])
def test_negative_and_infinite_tolerances_are_refused(name, value):
    with pytest.raises(UserError, match=f"--{name} {value} must be a number of at least 0"):
        compare(*pair(np.ones(1), np.ones(1)), **{name: value})
