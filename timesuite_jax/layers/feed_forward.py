"""The two-layer feed-forward block of BERT and ViT: dense, exact GELU, dense."""

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from timesuite_jax.layers.activations import gelu
from timesuite_jax.layers.linear import Linear


class FeedForward(nn.Module):
    """`fc2(gelu(fc1(x)))` with the erf form of GELU, the one that PyTorch computes by default."""

    hidden: int
    dtype: jnp.dtype = jnp.float32
    param_dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: Float[Array, "*batch D"]) -> Float[Array, "*batch D"]:
        """Applies the block; the width of the output is that of the input."""
        types = {"dtype": self.dtype, "param_dtype": self.param_dtype}
        hidden = Linear(self.hidden, ("embed", "mlp"), name="fc1", **types)(x)
        return Linear(x.shape[-1], ("mlp", "embed"), name="fc2", **types)(gelu(hidden))
