"""Attention pooling of InternVideo2 and InternVL ("clip_projector" upstream): the mean token queries all tokens."""

import jax
import jax.numpy as jnp
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Float

from timesuite_jax.layers import LayerNorm, Linear

NORM_EPSILON = 1e-5
LINEAR_STD = 0.02  # of the initial kernels


class AttentionPool(nn.Module):
    """Cross-attention of one query, without residual and without positions."""

    heads: int
    features: int  # of the output
    dtype: jnp.dtype = jnp.float32
    param_dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: Float[Array, "n N D"]) -> tuple[Float[Array, "n D_out"], Float[Array, "n N"]]:
        """Pools the tokens.

        Returns:
          The pooled feature, and the attention to each token, its mean over heads, in float32.
        """
        types = {"dtype": self.dtype, "param_dtype": self.param_dtype}
        kernel_init = nn.initializers.normal(LINEAR_STD)
        mean = jnp.mean(x.astype(jnp.float32), axis=1, keepdims=True)

        def heads(name: str, tokens: Float[Array, "n C D"]) -> Float[Array, "n h C d"]:
            normed = LayerNorm(NORM_EPSILON, dtype=self.dtype, name=f"norm_{name}")(tokens)
            split = Linear(x.shape[-1], ("embed", "heads"), kernel_init=kernel_init, name=name, **types)(normed)
            return rearrange(split, "n C (h d) -> n h C d", h=self.heads)

        q, k, v = heads("query", mean), heads("key", x), heads("value", x)
        scores = jnp.einsum("nhqd,nhkd->nhqk", q * q.shape[-1] ** -0.5, k, preferred_element_type=jnp.float32)
        weights = jax.nn.softmax(scores, axis=-1)
        mixed = rearrange(jnp.einsum("nhqk,nhkd->nhqd", weights.astype(v.dtype), v), "n h 1 d -> n (h d)")
        pooled = Linear(self.features, ("heads", "embed"), kernel_init=kernel_init, name="out", **types)(mixed)
        return pooled, jnp.mean(weights[:, :, 0], axis=1)
