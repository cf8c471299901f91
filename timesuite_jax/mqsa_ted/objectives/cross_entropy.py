"""Cross entropy of the next item among all items and padding (MQSA-TED, upstream's `loss_rec`).

Upstream appends a row of zeros for padding to its item table and leaves it in the softmax: an extra class whose score
is always 0. It is never a target, and moves every probability.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.layers import Shard
from timesuite_jax.objectives.chunked_scores import item_rows


def item_cross_entropy(
    hidden: Float[Array, "R D"],
    table: Float[Array, "V D"],
    targets: Int[Array, " R"],
    counts: Bool[Array, " R"],
    *,
    chunk: int,
    items: int | None = None,
) -> Float[Array, ""]:
    """Sum of `-log p(target)` over the rows that count; upstream's loss is this over their number.

    Differentiable by `hidden` and `table`; the scores never exist beyond a chunk of rows.

    Args:
      hidden: one vector a slot.
      table: one vector an item.
      targets: item ids; anything where `counts` is False.
      counts: slots that have a target.
      chunk: rows whose scores exist at one time.
      items: rows of the table that are items, where the last ones are none.

    Raises:
      ValueError: if `chunk` is not positive.
      UserError: if the mesh's devices do not divide the rows or the items.
    """
    with jax.named_scope("item_cross_entropy"):
        return item_rows(_rows, hidden, table, counts, targets, None, chunk=chunk, items=items)


def _rows(
    shard: Shard, scores: Float[Array, "C V"], targets: Int[Array, " C"], _: None
) -> tuple[Float[Array, " C"], Float[Array, "C V"], Float[Array, " C"]]:
    own = jnp.arange(len(scores)), shard.local(targets, scores.shape[1])
    peak = jnp.maximum(shard.highest(jnp.max(scores, axis=-1)), 0.0)
    weights = jnp.exp(scores - peak[:, None])
    sums = jnp.stack([jnp.sum(weights, axis=-1), scores.at[own].get(mode="fill", fill_value=0.0)])
    total, score = shard.over_items(sums)
    total += jnp.exp(-peak)  # the extra class
    return peak + jnp.log(total) - score, weights.at[own].add(-total, mode="drop"), 1.0 / total
