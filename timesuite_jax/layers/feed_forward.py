"""The two-layer feed-forward block of BERT and ViT: dense, exact GELU, dense."""

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from timesuite_jax.layers.activations import gelu
from timesuite_jax.layers.linear import Linear


class FeedForward(nn.Module):
    """`fc2(gelu(fc1(x)))` with the erf form of GELU, PyTorch's default."""

    hidden: int
    dtype: jnp.dtype = jnp.float32
    param_dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: Float[Array, "n N D"]) -> Float[Array, "n N D"]:
        """Applies the block to the tokens of clips."""
        types = {"dtype": self.dtype, "param_dtype": self.param_dtype}
        hidden = Linear(self.hidden, ("embed", "mlp"), name="fc1", **types)(x)
        hidden = nn.with_logical_constraint(hidden, ("clip", None, "mlp"))
        # Otherwise XLA on TPU fuses GELU and its derivative into the matrix products on both sides, and repeats them.
        hidden = jax.lax.optimization_barrier(gelu(hidden))
        return Linear(x.shape[-1], ("mlp", "embed"), name="fc2", **types)(hidden)
