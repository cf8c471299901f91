"""Ranks by counting are ranks by sorting, and scores follow from them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from timesuite_jax.metrics import RankingScores, best_items, push_down_seen, rank

USERS, ITEMS = 5, 30


def scores_of(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(USERS, ITEMS)).astype(np.float32)


def test_counting_equals_sorting():
    scores, target = scores_of(0), np.array([0, 29, 7, 7, 3])
    order = np.argsort(-scores, axis=1)
    expected = [list(row).index(item) for row, item in zip(order, target, strict=True)]
    np.testing.assert_array_equal(jax.jit(rank)(scores, target), expected)
    np.testing.assert_array_equal(best_items(jnp.asarray(scores), 4), order[:, :4])


def test_seen_items_are_below_all_others_and_the_more_often_the_lower():
    scores = scores_of(1)
    seen = np.array([[2, 2, 5, ITEMS, ITEMS]] * USERS)
    pushed = np.asarray(jax.jit(push_down_seen)(scores, seen))
    others = np.delete(np.arange(ITEMS), [2, 5])
    np.testing.assert_array_equal(pushed[:, others], scores[:, others])
    assert np.all(pushed[:, 5] < scores.min()) and np.all(pushed[:, 2] < pushed[:, 5])
    np.testing.assert_array_equal(best_items(jnp.asarray(pushed), ITEMS)[:, -2:], [[5, 2]] * USERS)


def test_a_target_that_was_seen_is_no_hit():
    pushed = push_down_seen(jnp.asarray(scores_of(2)), jnp.full((USERS, 1), 4))
    np.testing.assert_array_equal(rank(pushed, jnp.full(USERS, 4)), [ITEMS - 1] * USERS)


def test_scores_by_hand():
    scores = RankingScores(np.array([0, 4, 5, 19, 20]))
    np.testing.assert_allclose(scores.hits(5), [1, 1, 0, 0, 0])
    np.testing.assert_allclose(scores.gains(20), [1, np.log(2) / np.log(6), 1 / np.log2(7), 1 / np.log2(21), 0])
    summary = scores.summary()
    assert summary["hr_5"] == 0.4 and summary["hr_10"] == 0.6 and summary["hr_20"] == 0.8 and summary["n"] == 5
    assert summary["ndcg_5"] == pytest.approx((1 + np.log(2) / np.log(6)) / 5)


def test_nobody_has_no_score():
    with pytest.raises(ValueError, match="no ranks"):
        RankingScores(np.zeros(0, np.int32))
