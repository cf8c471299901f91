"""Ranks by counting equal ranks by sorting."""

import jax
import jax.numpy as jnp
import numpy as np

from timesuite_jax.evaluation import mask_seen, rank, top_k_items

USERS, ITEMS = 5, 30


def scores_of(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(USERS, ITEMS)).astype(np.float32)


def test_counting_equals_sorting():
    scores, target = scores_of(0), np.array([0, 29, 7, 7, 3])
    order = np.argsort(-scores, axis=1)
    expected = [list(row).index(item) for row, item in zip(order, target, strict=True)]
    np.testing.assert_array_equal(jax.jit(rank)(scores, target), expected)
    np.testing.assert_array_equal(top_k_items(jnp.asarray(scores), 4)[0], order[:, :4])


def test_seen_items_are_below_all_others_and_the_more_often_the_lower():
    scores = scores_of(1)
    seen = np.array([[2, 2, 5, ITEMS, ITEMS]] * USERS)
    masked = np.asarray(jax.jit(mask_seen)(scores, seen))
    others = np.delete(np.arange(ITEMS), [2, 5])
    np.testing.assert_array_equal(masked[:, others], scores[:, others])
    assert np.all(masked[:, 5] < scores.min()) and np.all(masked[:, 2] < masked[:, 5])
    np.testing.assert_array_equal(top_k_items(jnp.asarray(masked), ITEMS)[0][:, -2:], [[5, 2]] * USERS)


def test_a_seen_target_ranks_last():
    masked = mask_seen(jnp.asarray(scores_of(2)), jnp.full((USERS, 1), 4))
    np.testing.assert_array_equal(rank(masked, jnp.full(USERS, 4)), [ITEMS - 1] * USERS)


def test_constant_and_nan_scores_are_not_a_perfect_ranking():
    target = np.array([0, 29, 7, 7, 3])
    np.testing.assert_array_equal(rank(jnp.zeros((USERS, ITEMS)), jnp.asarray(target)), target)
    assert np.all(rank(jnp.full((USERS, ITEMS), jnp.nan), jnp.asarray(target)) >= ITEMS - 1)
