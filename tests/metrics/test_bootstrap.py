"""Bootstrap intervals: agreement with theory, determinism, grouping by video."""

import numpy as np
import pytest

from timesuite_jax.metrics import bootstrap


def test_interval_agrees_with_theory():
    values = np.random.default_rng(0).random(400) < 0.3
    interval = bootstrap({"hit": values})["hit"]
    p = values.mean()
    half = 1.96 * np.sqrt(p * (1 - p) / len(values))
    assert interval.mean == p
    # Standard deviation of a 2.5 % quantile of 2000 resamples (0.058 is the normal density there), the step of a mean
    # of 400 hits, and the skewness of the binomial.
    sigma = np.sqrt(p * (1 - p) / 400)
    error = 4 * np.sqrt(0.025 * 0.975 / 2000) / 0.058 * sigma + 1 / 400 + (1 - 2 * p) / 2400 * (1.96**2 - 1)
    assert interval.low == pytest.approx(p - half, abs=error) and interval.high == pytest.approx(p + half, abs=error)
    assert str(interval) == f"{p:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def test_seed_determines_the_interval():
    columns = {"x": np.random.default_rng(0).random(50)}
    assert bootstrap(columns, seed=3) == bootstrap(columns, seed=3) != bootstrap(columns, seed=4)


def test_copies_within_a_group_do_not_narrow_the_interval():
    values = np.random.default_rng(0).random(40)
    once = bootstrap({"x": values})["x"]
    copied = {"x": np.repeat(values, 9)}
    naive, grouped = bootstrap(copied)["x"], bootstrap(copied, groups=np.repeat(np.arange(40), 9))["x"]
    assert (naive.high - naive.low) < 0.5 * (once.high - once.low)
    assert (grouped.low, grouped.high) == pytest.approx((once.low, once.high))


def test_columns_share_their_resamples():
    x = np.random.default_rng(0).random(60)
    got = bootstrap({"a": x, "b": x + 1, "difference": (x + 1) - x})
    assert got["b"].low - got["a"].low == pytest.approx(1)
    assert got["difference"].low == pytest.approx(1) == got["difference"].high


def test_many_questions_are_resampled_in_chunks():
    many = np.random.default_rng(0).random(20_000)  # chunks of 200 resamples
    interval = bootstrap({"x": many}, resamples=500)["x"]
    half = 1.96 * many.std() / np.sqrt(len(many))
    assert (interval.low, interval.high) == pytest.approx((many.mean() - half, many.mean() + half), abs=half / 5)


@pytest.mark.parametrize(
    ("columns", "options"),
    [
        ({}, {}),
        ({"x": np.array([])}, {}),
        ({"x": np.ones(2), "y": np.ones(3)}, {}),
        ({"x": np.ones(2)}, {"groups": [1]}),
        ({"x": np.ones(2)}, {"level": 1.0}),
    ],
)
def test_invalid_input_is_rejected(columns, options):
    with pytest.raises(ValueError, match=r"lengths.*give equal lengths|level 1\.0.*between"):
        bootstrap(columns, **options)
