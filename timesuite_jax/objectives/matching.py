"""Matching loss with hard negatives (ALBEF, arXiv:2107.07651, 3.2; `criterions.py` of InternVideo2 upstream).

A classifier tells pairs that belong together from pairs of which one side was replaced. The more similar another row
is, the more often it is the replacement.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


def negative_logits(
    similarity: Float[Array, "*batch B B"], same: Bool[Array, "*batch B B"], *, hard: bool = True
) -> Float[Array, "*batch B B"]:
    """Logarithms of the probabilities that columns replace a row's own, up to a constant for each row.

    Args:
      similarity: of rows and columns, divided by the temperature; no gradient passes.
      same: columns that cannot replace it: minus infinity.
      hard: in proportion to the softmax of similarities; otherwise all with the same probability.
    """
    logits = jax.nn.log_softmax(jax.lax.stop_gradient(similarity), axis=-1) if hard else jnp.zeros_like(similarity)
    return jnp.where(same, -jnp.inf, logits)


def choose_negatives(
    logits: Float[Array, "*batch B B"], noise: Float[Array, "*batch B B"]
) -> tuple[Int[Array, "*batch B"], Bool[Array, "*batch B"]]:
    """Chooses a column for each row: that of the highest sum of logit and noise.

    With Gumbel noise, columns are drawn in proportion to the exponentials of their logits.

    Returns:
      The column, and whether there is one: not where all logits of a row are minus infinity.
    """
    return jnp.argmax(logits + noise, axis=-1), jnp.any(logits > -jnp.inf, axis=-1)


def matching_loss(
    logits: Float[Array, "*pairs 2"], matched: Bool[Array, "*pairs"], valid: Bool[Array, "*pairs"]
) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
    """Sums the cross entropy of pairs.

    Args:
      logits: that a pair does not belong together, and that it does.
      matched: whether it does.
      valid: pairs that count.

    Returns:
      The sum, the number of pairs, and the number of those that are classified correctly.
    """
    logits = logits.astype(jnp.float32)
    margin = jnp.where(matched, logits[..., 1] - logits[..., 0], logits[..., 0] - logits[..., 1])
    count = jnp.sum(valid.astype(jnp.float32))
    correct = jnp.sum(jnp.where(valid, (margin > 0).astype(jnp.float32), 0.0))
    return jnp.sum(jnp.where(valid, jax.nn.softplus(-margin), 0.0)), count, correct
