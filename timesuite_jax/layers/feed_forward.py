"""The two-layer feed-forward block of BERT and ViT: dense, exact GELU, dense."""

import jax
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
    def __call__(self, x: Float[Array, "n N D"]) -> Float[Array, "n N D"]:
        """Applies the block to the tokens of clips; the width of the output is that of the input."""
        types = {"dtype": self.dtype, "param_dtype": self.param_dtype}
        hidden = Linear(self.hidden, ("embed", "mlp"), name="fc1", **types)(x)
        hidden = nn.with_logical_constraint(hidden, ("clip", None, "mlp"))
        # A TPU would compute GELU and its slope within the products on either side, several times over.
        hidden = jax.lax.optimization_barrier(gelu(hidden))
        return Linear(x.shape[-1], ("mlp", "embed"), name="fc2", **types)(hidden)
