"""Ranks and top-k of items by score, computed on the device: only one number, or k, per user is transferred.

Where a mesh shards the items, each function takes the scores of one device's items and its `Shard`. Follows
`evaluate.py` of MQSA-TED (arXiv:2311.01056). A penalty puts the items that a user has seen below all others.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from timesuite_jax.layers import Shard

_SEEN_PENALTY = 2.0**32  # subtracted from the score of a seen item once per occurrence, as upstream does
_ALL = Shard()


def item_scores(
    hidden: Float[Array, "*batch D"], table: Float[Array, "V D"], shard: Shard = _ALL
) -> Float[Array, "*batch V"]:
    """Returns dot products of encoded histories and item embeddings, in full float32 precision.

    In bfloat16 passes, the default on TPUs, items with close scores would swap ranks.

    Rows of the table that are not items (padding) score minus infinity.
    """
    with jax.named_scope("item_scores"):
        scores = jnp.einsum("...D,VD->...V", hidden, table, precision=jax.lax.Precision.HIGHEST)
        return shard.of_items(scores, -jnp.inf)


def mask_seen(scores: Float[Array, "B V"], seen: Int[Array, "B S"], shard: Shard = _ALL) -> Float[Array, "B V"]:
    """Returns scores with seen items below all others, the more often seen the lower.

    Args:
      scores: of all items.
      seen: item ids, repeated as often as they were seen; V is padding.
      shard: the items of this device.
    """
    rows = jnp.arange(len(seen))[:, None]
    return scores.at[rows, shard.local(seen, scores.shape[1])].add(-_SEEN_PENALTY, mode="drop")


def rank(scores: Float[Array, "B V"], target: Int[Array, " B"], shard: Shard = _ALL) -> Int[Array, " B"]:
    """Returns the number of items above the target, 0 for the best; by counting, which is cheaper than sorting.

    Ties go to the lower id, as in `top_k_items`, and NaN ranks above everything: constant or NaN scores must not look
    like a perfect ranking.
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
    """Returns the ids and scores of the highest-scoring items, the best first; ties go to the lower id."""
    best, ids = jax.lax.top_k(scores, min(number, scores.shape[1]))
    ids += shard.first
    if shard.vocab:  # merge the candidates of all devices, which are in the order of their items
        best, ids = (jax.lax.all_gather(found, shard.vocab, axis=1, tiled=True) for found in (best, ids))
        best, places = jax.lax.top_k(best, number)
        ids = jnp.take_along_axis(ids, places, axis=1)
    return ids, best
