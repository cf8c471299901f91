"""Paired differences: standard errors by formula, p-values by enumeration, and coverage on clustered data."""

import itertools

import numpy as np
import pytest

from timesuite_jax.metrics.paired import clustered_standard_error, paired_difference, permutation_p_value


def test_singletons_have_the_usual_standard_error():
    values = np.random.default_rng(0).random(30)
    expected = values.std(ddof=1) / np.sqrt(30)
    assert clustered_standard_error(values, range(30)) == pytest.approx(expected, rel=1e-12)


def test_repeating_questions_within_their_videos_adds_no_information():
    values = np.random.default_rng(1).random(10)
    once = clustered_standard_error(values, range(10))
    assert clustered_standard_error(np.repeat(values, 5), np.repeat(np.arange(10), 5)) == pytest.approx(once, rel=1e-12)
    assert np.isnan(clustered_standard_error(values, ["one"] * 10))


def test_exact_p_value():
    difference, groups = np.array([0.5, 0.25, -0.125, 1.0, 0.25]), list("aabcd")
    sums = [0.75, -0.125, 1.0, 0.25]
    totals = [abs(np.dot(signs, sums)) for signs in itertools.product((-1, 1), repeat=4)]
    assert permutation_p_value(difference, groups) == np.mean([total >= abs(sum(sums)) for total in totals])
    assert permutation_p_value(np.zeros(5), groups) == 1.0


def test_drawn_p_values_are_near_the_exact_ones():
    """Of 10,000 draws, within five standard deviations of a share of them."""
    rng = np.random.default_rng(2)
    sums = rng.normal(0.4, 1.0, 13)
    signs = np.array(list(itertools.product((-1, 1), repeat=13)))
    exact = (np.abs(signs @ sums) >= abs(sums.sum()) - 1e-9).mean()
    deviation = np.sqrt(exact * (1 - exact) / 10_000)
    assert permutation_p_value(sums, range(13)) == pytest.approx(exact, abs=5 * deviation + 1e-4)


def test_p_values_are_uniform_without_a_difference():
    """Clusters of unequal size: at most as many small p-values as their level allows, by a binomial bound."""
    rng, trials = np.random.default_rng(3), 300
    groups = np.repeat(np.arange(10), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    small = 0
    for _ in range(trials):
        noise = rng.normal(size=10)[groups] + rng.normal(size=len(groups))
        small += permutation_p_value(noise, groups.tolist()) <= 0.05
    assert small <= 0.05 * trials + 4 * np.sqrt(0.05 * 0.95 * trials)


def test_paired_difference():
    a, b = np.array([0.0, 0.0, 1.0, 1.0]), np.array([1.0, 1.0, 1.0, 1.0])
    found = paired_difference(a, b, list("aabb"))
    assert (found.a, found.b, found.difference, found.n, found.clusters) == (0.5, 1.0, 0.5, 4, 2)
    assert found.standard_error_b == 0.0 and found.standard_error == found.standard_error_a == pytest.approx(0.5)
    assert (found.low, found.high) == (0.0, 1.0) and found.p_value == 1.0
