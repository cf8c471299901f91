"""Contrastive loss of pairs with several positives (InfoNCE, arXiv:1807.03748; upstream's `criterions.py`).

Each side has to find, among all of the batch, what it was paired with. Of rows with the same content, such as several
captions of one video, each is a positive of all: the targets are spread evenly over them.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.layers import constrain_sharding
from timesuite_jax.objectives.feature_reconstruction import unit_vectors

# Logit of rows that are not valid: their share is 0, and gradients are finite even where no row is valid.
_NO_CANDIDATE = -1e30


def same_content(ids: Int[Array, "B words"]) -> Bool[Array, "B B"]:
    """Which rows of a batch have the same identifier, of one or several numbers; each row with itself, too."""
    return constrain_sharding(jnp.all(ids[:, None] == ids[None], axis=-1), ("batch", None))


def similarities(
    left: Float[Array, "*batch B D"], right: Float[Array, "*batch B_right D"], temperature: Float[Array, ""] | float
) -> Float[Array, "*batch B B_right"]:
    """Cosines of vectors of any length, divided by the temperature, in float32."""
    cosines = jnp.einsum(
        "...id,...jd->...ij", unit_vectors(left), unit_vectors(right), precision=jax.lax.Precision.HIGHEST
    )
    return cosines / temperature


def contrastive_loss(
    left: Float[Array, "B D"],
    right: Float[Array, "B D"],
    temperature: Float[Array, ""],
    same: Bool[Array, "B B"],
    valid: Bool[Array, " B"],
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Sums the mean of both directions' cross entropies over the rows.

    On a mesh, the batch is that of all devices, and the gradient that of the whole loss.

    Args:
      left: vectors of one side, of any length.
      right: vectors of the other side.
      temperature: cosines are divided by it.
      same: pairs that are positives, symmetric; see `same_content`.
      valid: rows that count, as rows and as candidates.

    Returns:
      The sum, and the number of rows.
    """
    with jax.named_scope("contrastive_loss"):
        positive = jnp.logical_and(same, valid[None]).astype(jnp.float32)
        targets = positive / jnp.maximum(jnp.sum(positive, axis=1, keepdims=True), 1.0)

        def direction(rows: Float[Array, "B D"], columns: Float[Array, "B D"]) -> Float[Array, " B"]:
            logits = constrain_sharding(similarities(rows, columns, temperature), ("batch", None))
            logits = jnp.where(jnp.broadcast_to(valid[None], logits.shape), logits, _NO_CANDIDATE)
            log_shares = jax.nn.log_softmax(logits, axis=1)
            return -jnp.sum(jnp.where(targets > 0, targets * log_shares, 0.0), axis=1)

        losses = 0.5 * (direction(left, right) + direction(right, left))
        return jnp.sum(jnp.where(valid, losses, 0.0)), jnp.sum(valid.astype(jnp.float32))


def scale_gradient(x: Float[Array, "*shape"], factor: float) -> Float[Array, "*shape"]:
    """Returns `x`, whose gradient is multiplied by `factor` on its way back.

    Upstream gathers the vectors of all processes without summing their gradients, which the average over processes then
    divides by their number: the gradient by the encoders is the true one divided by the number of processes, that by
    the temperature is not.
    """
    if factor == 1.0:
        return x
    scaled = x * jnp.asarray(factor, x.dtype)
    return scaled + jax.lax.stop_gradient(x - scaled)
