"""Decoders of pretraining: from the student's tokens to the width of a teacher's (`internvideo2_pretrain.py` upstream).

Their outputs are scaled to unit vectors by the loss.
"""

from typing import Literal

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from timesuite_jax.layers import LayerNorm, Linear, gelu
from timesuite_jax.models.vision.attention_pool import LINEAR_STD, NORM_EPSILON

DecoderKind = Literal["linear", "mlp"]


class Decoder(nn.Module):
    """A linear layer, or two around GELU, and LayerNorm."""

    features: int  # of the output
    kind: DecoderKind = "linear"
    dtype: jnp.dtype = jnp.float32
    param_dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: Float[Array, "*batch D"]) -> Float[Array, "*batch D_out"]:
        """Decodes tokens, in float32."""
        init = nn.initializers.normal(LINEAR_STD)
        types = {"dtype": self.dtype, "param_dtype": self.param_dtype, "kernel_init": init}
        if self.kind == "mlp":
            x = gelu(Linear(x.shape[-1], ("embed", "mlp"), name="hidden", **types)(x))
        x = Linear(self.features, ("embed", None), name="head", **types)(x)
        return LayerNorm(NORM_EPSILON, axis=None, name="norm")(x)


class LayerDecoders(nn.Module):
    """A decoder for each of several layers, their parameters stacked."""

    features: int
    kind: DecoderKind = "linear"
    dtype: jnp.dtype = jnp.float32
    param_dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, layers: Float[Array, "L n N D"]) -> Float[Array, "L n N D_out"]:
        """Decodes the tokens of each layer by its decoder."""
        decoders = nn.vmap(
            Decoder,
            variable_axes={"params": 0},
            split_rngs={"params": True},
            metadata_params={nn.PARTITION_NAME: "layers"},
        )
        return decoders(self.features, self.kind, self.dtype, self.param_dtype, name="layers")(layers)
