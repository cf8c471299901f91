"""Ranks items by their scores, on the device where the scores are: what remains of millions is one number a user.

After upstream's `evaluate.py` of MQSA-TED (arXiv:2311.01056). Items that a user has seen are pushed down by so much
that none of the others is below.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

_SEEN = 2.0**32  # what upstream takes off the score of a seen item, once for each time it was seen


def push_down_seen(scores: Float[Array, "B V"], seen: Int[Array, "B S"]) -> Float[Array, "B V"]:
    """Scores with seen items below all others, those seen more often further down.

    Args:
      scores: of all items.
      seen: item ids, repeated ones as often as they were seen; V (padding) does nothing.
    """
    rows = jnp.arange(len(seen))[:, None]
    return scores.at[rows, seen].add(-_SEEN, mode="drop")


def rank(scores: Float[Array, "B V"], target: Int[Array, " B"]) -> Int[Array, " B"]:
    """How many items stand above the target: 0 is the best. Cheaper than sorting, and in the same order.

    Among equals the lower id stands above, as in `best_items`, and what is not a number stands above everything: scores
    that are all the same, or broken, must not look like a perfect ranking.
    """
    mine = jnp.take_along_axis(scores, target[:, None], axis=1)
    above = jnp.logical_not(scores <= mine)
    before = jnp.logical_and(scores == mine, jnp.arange(scores.shape[1])[None] < target[:, None])
    return jnp.sum(jnp.logical_or(above, before), axis=1)


def best_items(scores: Float[Array, "B V"], number: int) -> Int[Array, "B number"]:
    """Ids of the items that score highest, the best first; among equals the lower id."""
    return jax.lax.top_k(scores, number)[1]
