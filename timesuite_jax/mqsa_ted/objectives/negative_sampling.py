"""Binary cross entropy of next items against sampled ones: the loss of SASRec (arXiv:1808.09781, equation 6).

The paper samples one item that the user has no interaction with; here, one that is not the next item. Among thousands
of items, hardly any sample is an item of the user.
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
    """Sums `-log s(target) - sum log(1 - s(negative))` over the rows with a target; s is the sigmoid of the score.

    Args:
      hidden: one vector for each slot of the histories.
      table: one vector for each item, of at least two items.
      targets: item ids; any ids where `counts` is False.
      counts: slots that have a target.
      rng: samples the negatives, uniformly from all items except the target.
      negatives: number of samples for each slot.
      items: number of items, if the last rows of the table are padding.
    """
    with jax.named_scope("sampled_cross_entropy"):
        sampled = jax.random.randint(rng, (len(targets), negatives), 0, (items or len(table)) - 1)
        sampled += (sampled >= targets[:, None]).astype(sampled.dtype)  # skips the target
        candidates = jnp.concatenate([targets[:, None], sampled], axis=1)
        vectors = jnp.take(table, candidates, axis=0, mode="clip")
        scores = jnp.einsum("RD,RND->RN", hidden, vectors, precision=jax.lax.Precision.HIGHEST)
        losses = jax.nn.softplus(-scores[:, 0]) + jnp.sum(jax.nn.softplus(scores[:, 1:]), axis=1)
        return jnp.sum(jnp.where(counts, losses, 0.0))
