"""Ranks items by their scores, on the device where the scores are: what remains of millions is one number a user.

Where a mesh spreads the items, each function takes the scores of one device's items and its `Shard`. After upstream's
`evaluate.py` of MQSA-TED (arXiv:2311.01056). Items that a user has seen are pushed down by so much
that none of the others is below.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from timesuite_jax.layers import Shard

_SEEN = 2.0**32  # what upstream takes off the score of a seen item, once for each time it was seen
_ALL = Shard()


def item_scores(
    hidden: Float[Array, "*batch D"], table: Float[Array, "V D"], shard: Shard = _ALL
) -> Float[Array, "*batch V"]:
    """How well items go with what a history was encoded to; in whole float32, or near ones change places on a TPU.

    What is in the table and no item goes with nothing: its score is minus infinity.
    """
    with jax.named_scope("item_scores"):
        scores = jnp.einsum("...D,VD->...V", hidden, table, precision=jax.lax.Precision.HIGHEST)
        return shard.of_items(scores, -jnp.inf)


def mask_seen(scores: Float[Array, "B V"], seen: Int[Array, "B S"], shard: Shard = _ALL) -> Float[Array, "B V"]:
    """Scores with seen items below all others, those seen more often further down.

    Args:
      scores: of all items.
      seen: item ids, repeated ones as often as they were seen; V (padding) does nothing.
      shard: which items these are.
    """
    rows = jnp.arange(len(seen))[:, None]
    return scores.at[rows, shard.local(seen, scores.shape[1])].add(-_SEEN, mode="drop")


def rank(scores: Float[Array, "B V"], target: Int[Array, " B"], shard: Shard = _ALL) -> Int[Array, " B"]:
    """How many items stand above the target: 0 is the best. Cheaper than sorting, and in the same order.

    Ties go to the lower id, as in `top_k_items`, and NaN ranks above everything: scores that are all equal, or broken,
    must not look like a perfect ranking.
    """
    number = scores.shape[1]
    place = jnp.arange(len(target)), shard.local(target, number)
    mine = shard.over_items(scores.at[place].get(mode="fill", fill_value=0.0))[:, None]
    above = jnp.logical_not(scores <= mine)
    before = jnp.logical_and(scores == mine, shard.first + jnp.arange(number)[None] < target[:, None])
    return shard.over_items(jnp.sum(jnp.logical_or(above, before), axis=1))


def top_k_items(
    scores: Float[Array, "B V"], number: int, shard: Shard = _ALL
) -> tuple[Int[Array, "B number"], Float[Array, "B number"]]:
    """Ids of the items that score highest, and their scores, the best first; among equals the lower id."""
    best, ids = jax.lax.top_k(scores, min(number, scores.shape[1]))
    ids += shard.first
    if shard.vocab:  # the best of each device's best; devices in the order of their items
        best, ids = (jax.lax.all_gather(found, shard.vocab, axis=1, tiled=True) for found in (best, ids))
        best, places = jax.lax.top_k(best, number)
        ids = jnp.take_along_axis(ids, places, axis=1)
    return ids, best
