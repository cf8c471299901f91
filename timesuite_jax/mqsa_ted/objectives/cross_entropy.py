"""Cross entropy of the next item among all items and padding (MQSA-TED, upstream's `loss_rec`).

Upstream appends a row of zeros for padding to its item table and includes it in the softmax: an extra class with score
0. It is never a target, but changes all probabilities.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.layers import Shard
from timesuite_jax.objectives import RowLosses, ScoreInputs, chunked_scores


def item_cross_entropy(
    hidden: Float[Array, "R D"],
    table: Float[Array, "V D"],
    targets: Int[Array, " R"],
    counts: Bool[Array, " R"],
    *,
    chunk: int,
    items: int | None = None,
) -> Float[Array, ""]:
    """Sums `-log p(target)` over the rows with a target; upstream's loss is their mean.

    Differentiable by `hidden` and `table`; only the scores of a chunk of rows are in memory.

    Args:
      hidden: one vector for each slot of the histories.
      table: one vector for each item.
      targets: item ids; any ids where `counts` is False.
      counts: slots that have a target.
      chunk: rows of a device whose scores are in memory at one time.
      items: number of items, if the last rows of the table are padding.

    Raises:
      ValueError: if `chunk` is not positive.
      UserError: if the devices of the mesh do not divide the rows or the items.
    """
    with jax.named_scope("item_cross_entropy"):
        (total,) = chunked_scores(
            _item_losses,
            ScoreInputs(hidden, table.T),
            counts,
            targets,
            chunk=chunk,
            columns=items,
            precision=jax.lax.Precision.HIGHEST,
        )
        return total


def _item_losses(shard: Shard, scores: Float[Array, "C V"], targets: Int[Array, " C"], _: None) -> RowLosses:
    # By indexing: on a CPU a fifth faster than the comparison of `next_token`, since vectors of items are short.
    own = jnp.arange(len(scores)), shard.local(targets, scores.shape[1])
    peak = jnp.maximum(shard.highest(jnp.max(scores, axis=-1)), 0.0)
    weights = jnp.exp(scores - peak[:, None])
    sums = jnp.stack([jnp.sum(weights, axis=-1), scores.at[own].get(mode="fill", fill_value=0.0)])
    total, score = shard.over_items(sums)
    total += jnp.exp(-peak)  # the extra class
    return RowLosses((peak + jnp.log(total) - score,), weights.at[own].add(-total, mode="drop"), 1.0 / total)
