"""Summaries of numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.data.corpora.distributions import histogram, percentiles, time_grid


def test_percentiles():
    assert percentiles([]) == {}
    found = percentiles(range(101))
    assert found == {"p0": 0, "p5": 5, "p25": 25, "p50": 50, "p75": 75, "p95": 95, "p100": 100}


def test_histogram_counts_each_value_once():
    assert histogram([0.0, 0.05, 0.1, 0.99, 1.0, 1.3, -0.2]) == [3, 1, 0, 0, 0, 0, 0, 0, 0, 3]
    assert histogram([]) == [0] * 10


@pytest.mark.parametrize("step", [30.0, 5.0, 1.0, 0.5, 0.1, 0.01])
def test_the_grid_of_annotations_is_found(step):
    rng = np.random.default_rng(0)
    # Odd and even multiples of the step, so that no coarser grid holds; stored as float32, as in records.
    values = (np.arange(1, 400) * step).astype(np.float32)
    assert time_grid(rng.permutation(values).tolist()) == step


def test_times_without_a_grid():
    assert time_grid([]) is None
    assert time_grid((np.arange(1, 300) * np.pi).tolist()) is None


def test_the_end_of_one_video_does_not_hide_the_grid():
    assert time_grid([*np.arange(0, 1000, 5.0), 27.43]) == 5.0


@given(st.lists(st.floats(-1, 2), max_size=50))
def test_no_value_is_lost(shares):
    assert sum(histogram(shares)) == len(shares)
