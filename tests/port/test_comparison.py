"""Comparison reports how two tensors differ."""

import numpy as np
import pytest

from timesuite_jax.port import compare
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
    (difference,) = compare(*(Arrays(name, {"w": np.float32(values)}) for name, values in (("a", left), ("b", right))))
    assert (difference.key, difference.what) == ("w", message)


def test_equal_bytes_are_the_same():
    assert not compare(
        *[Arrays("a", {"w": np.float32([[NAN, 1.0]]), "scalar": np.float32(3), "none": np.zeros((0, 2))})] * 2
    )
