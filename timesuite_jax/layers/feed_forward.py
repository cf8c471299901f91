"""The two-layer feed-forward block of BERT and ViT: dense, GELU, dense."""

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax.nn.initializers import Initializer
from jaxtyping import Array, Float

from timesuite_jax.layers.activations import gelu, gelu_tanh
from timesuite_jax.layers.linear import Linear
from timesuite_jax.layers.spec_types import Activation

_ACTIVATIONS = {"gelu": gelu, "gelu_tanh": gelu_tanh}


class FeedForward(nn.Module):
    """`fc2(gelu(fc1(x)))`; PyTorch's default is the erf form, "gelu"."""

    hidden: int
    activation: Activation = "gelu"
    dtype: jnp.dtype = jnp.float32
    param_dtype: jnp.dtype = jnp.float32
    kernel_init: Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, x: Float[Array, "n N D"]) -> Float[Array, "n N D"]:
        """Applies the block to the tokens of clips."""
        types = {"dtype": self.dtype, "param_dtype": self.param_dtype, "kernel_init": self.kernel_init}
        hidden = Linear(self.hidden, ("embed", "mlp"), name="fc1", **types)(x)
        hidden = nn.with_logical_constraint(hidden, ("clip", None, "mlp"))
        # Otherwise XLA on TPU fuses GELU and its derivative into the matrix products on both sides, and repeats them.
        hidden = jax.lax.optimization_barrier(_ACTIVATIONS[self.activation](hidden))
        return Linear(x.shape[-1], ("mlp", "embed"), name="fc2", **types)(hidden)
