"""Negatives are drawn in proportion to the softmax of similarities, and never of the same content."""

import jax
import jax.numpy as jnp
import numpy as np

from timesuite_jax.objectives import choose_negatives, matching_loss, negative_logits


def test_negatives_follow_the_softmax_of_similarities():
    similarity = jnp.asarray([[0.0, 1.0, 0.0, -1.0]] * 4)
    logits = negative_logits(similarity, jnp.eye(4, dtype=bool))
    draws = 4000

    @jax.vmap
    def draw(key):
        return choose_negatives(logits, jax.random.gumbel(key, logits.shape))[0]

    found = np.asarray(draw(jax.random.split(jax.random.key(0), draws)))
    for row in range(4):
        weights = np.exp(np.asarray(similarity[row])) * (np.arange(4) != row)
        expected = weights / weights.sum()
        shares = np.bincount(found[:, row], minlength=4) / draws
        assert shares[row] == 0
        # Five standard deviations of a binomial share.
        assert (np.abs(shares - expected) <= 5 * np.sqrt(expected * (1 - expected) / draws)).all()


def test_very_unlike_rows_are_negatives_too():
    """Where a softmax would underflow to zero for all others."""
    logits = negative_logits(jnp.asarray([[500.0, -500.0], [-500.0, 500.0]]), jnp.eye(2, dtype=bool))
    index, found = choose_negatives(logits, jnp.zeros((2, 2)))
    assert index.tolist() == [1, 0]
    assert found.all()


def test_no_gradient_passes_through_the_choice():
    def total(similarity):
        return jnp.sum(jnp.where(jnp.eye(3, dtype=bool), 0.0, negative_logits(similarity, jnp.eye(3, dtype=bool))))

    np.testing.assert_array_equal(jax.grad(total)(jnp.arange(9.0).reshape(3, 3)), 0)


def test_loss_and_accuracy_of_pairs():
    logits = jax.random.normal(jax.random.key(0), (5, 3, 2))
    matched = jnp.broadcast_to(jnp.asarray([True, False, False])[None], (5, 3))
    valid = jnp.ones((5, 3), bool).at[2].set(False)
    total, count, correct = matching_loss(logits, matched, valid)
    chosen = np.where(matched, jax.nn.log_softmax(logits)[..., 1], jax.nn.log_softmax(logits)[..., 0])
    np.testing.assert_allclose(total, -chosen[np.asarray(valid)].sum(), rtol=1e-6)
    assert float(count) == 12
    right = np.argmax(np.asarray(logits), -1) == np.asarray(matched)
    assert float(correct) == np.sum(right & np.asarray(valid))
