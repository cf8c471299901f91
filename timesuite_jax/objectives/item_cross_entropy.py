"""Cross entropy of the next item among all items and padding (MQSA-TED, upstream's `loss_rec`).

Upstream appends a row of zeros for padding to its item table and leaves it in the softmax: an extra class whose score
is always 0. It is never a target, and moves every probability.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.objectives.item_rows import item_rows


def item_cross_entropy(
    hidden: Float[Array, "R D"],
    table: Float[Array, "V D"],
    targets: Int[Array, " R"],
    counts: Bool[Array, " R"],
    *,
    chunk: int,
) -> Float[Array, ""]:
    """Sum of `-log p(target)` over the rows that count; upstream's loss is this over their number.

    Differentiable by `hidden` and `table`; the scores never exist beyond a chunk of rows.

    Args:
      hidden: one vector a slot.
      table: one vector an item.
      targets: item ids; anything where `counts` is False.
      counts: slots that have a target.
      chunk: rows whose scores exist at one time.

    Raises:
      ValueError: if `chunk` is not positive.
    """
    with jax.named_scope("item_cross_entropy"):
        return item_rows(_rows, hidden, table, counts, targets, None, chunk=chunk)


def _rows(scores: Float[Array, "C V"], targets: Int[Array, " C"], _: None) -> tuple[Array, Array]:
    peak = jnp.maximum(jnp.max(scores, axis=-1), 0.0)
    weights = jnp.exp(scores - peak[:, None])
    total = jnp.sum(weights, axis=-1) + jnp.exp(-peak)  # with the extra class
    rows = jnp.arange(scores.shape[0])
    losses = peak + jnp.log(total) - scores.at[rows, targets].get(mode="clip")
    return losses, (weights / total[:, None]).at[rows, targets].add(-1.0, mode="drop")
