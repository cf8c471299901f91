"""Stochastic depth (arXiv:1603.09382): skips the branch of a residual block for randomly chosen samples."""

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float


class DropPath(nn.Module):
    """Zeroes whole samples and scales the others by 1 / (1 - rate), as timm does.

    The rate is an argument, not a field: it grows with depth and a scanned stack passes one a layer.
    """

    @nn.compact
    def __call__(
        self, x: Float[Array, "n ..."], rate: Float[Array, ""], *, deterministic: bool
    ) -> Float[Array, "n ..."]:
        """Returns `x` with samples dropped; draws from the stream "drop_path" unless `deterministic`."""
        if deterministic:
            return x
        keep_rate = 1.0 - rate.astype(jnp.float32)
        kept = jax.random.bernoulli(self.make_rng("drop_path"), keep_rate, x.shape[:1])
        factor = jnp.where(kept, 1.0 / keep_rate, 0.0).astype(x.dtype)
        return jnp.einsum("n...,n->n...", x, factor)
