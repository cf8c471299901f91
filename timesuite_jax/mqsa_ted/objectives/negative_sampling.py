"""Next items against sampled ones: the loss of SASRec (arXiv:1808.09781, equation 6).

Each next item is told from items drawn at random, by a binary cross entropy of their scores. The paper draws one item
that the user never took; here an item is drawn that is not the next one, which among thousands of items is hardly ever
one that the user took.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray


def sampled_cross_entropy(
    hidden: Float[Array, "R D"],
    table: Float[Array, "V D"],
    targets: Int[Array, " R"],
    counts: Bool[Array, " R"],
    rng: PRNGKeyArray,
    *,
    negatives: int,
    items: int | None = None,
) -> Float[Array, ""]:
    """Sum over the rows that count of `-log s(target) - sum log(1 - s(negative))`, s the sigmoid of an item's score.

    Args:
      hidden: one vector a slot.
      table: one vector an item, of two items at least.
      targets: item ids; anything where `counts` is False.
      counts: slots that have a target.
      rng: draws the negatives, uniformly from all items but the target.
      negatives: to draw for each slot.
      items: rows of the table that are items, where the last ones are none.
    """
    with jax.named_scope("sampled_cross_entropy"):
        drawn = jax.random.randint(rng, (len(targets), negatives), 0, (items or len(table)) - 1)
        drawn += (drawn >= targets[:, None]).astype(drawn.dtype)  # passes over the target
        told_apart = jnp.concatenate([targets[:, None], drawn], axis=1)
        vectors = jnp.take(table, told_apart, axis=0, mode="clip")
        scores = jnp.einsum("RD,RND->RN", hidden, vectors, precision=jax.lax.Precision.HIGHEST)
        losses = jax.nn.softplus(-scores[:, 0]) + jnp.sum(jax.nn.softplus(scores[:, 1:]), axis=1)
        return jnp.sum(jnp.where(counts, losses, 0.0))
