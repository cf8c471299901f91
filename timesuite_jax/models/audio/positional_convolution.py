"""Positions by a grouped convolution over tokens, with weight normalization (wav2vec 2.0, WavLM, BEATs)."""

import math

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from timesuite_jax.layers import gelu
from timesuite_jax.models.audio.beats_spec import BeatsSpec


class PositionalConvolution(nn.Module):
    """A convolution over `spec.conv_width` tokens, and GELU.

    Weight normalization (arXiv:1602.07868) keeps a kernel as its direction and its norm for each of its taps: PyTorch's
    `weight_norm(dim=2)`.
    """

    spec: BeatsSpec

    @nn.compact
    def __call__(self, x: Float[Array, "n N D"]) -> Float[Array, "n N D"]:
        """Returns what is added to the tokens; token i reads i - conv_width // 2 to i + (conv_width - 1) // 2."""
        spec = self.spec
        inputs = spec.width // spec.conv_groups
        deviation = math.sqrt(4 / (spec.conv_width * spec.width))
        direction = self.param(
            "direction",
            nn.with_logical_partitioning(nn.initializers.normal(deviation), (None, None, "embed")),
            (spec.conv_width, inputs, spec.width),
            spec.param_dtype,
        )
        norm = deviation * math.sqrt(inputs * spec.width)  # what that of an initial direction is on average
        gain = self.param("gain", nn.initializers.constant(norm), (spec.conv_width,), spec.param_dtype)
        zeros = nn.with_logical_partitioning(nn.initializers.zeros_init(), ("embed",))
        bias = self.param("bias", zeros, (spec.width,), spec.param_dtype)
        wide = direction.astype(jnp.float32)
        scale = gain.astype(jnp.float32) / jnp.sqrt(jnp.einsum("kio,kio->k", wide, wide))
        kernel = jnp.einsum("kio,k->kio", wide, scale).astype(spec.dtype)
        before = spec.conv_width // 2
        mixed = jax.lax.conv_general_dilated(
            x.astype(spec.dtype),
            kernel,
            window_strides=(1,),
            padding=[(before, spec.conv_width - 1 - before)],
            dimension_numbers=("NWC", "WIO", "NWC"),
            feature_group_count=spec.conv_groups,
        )
        return gelu(mixed + jnp.broadcast_to(bias.astype(mixed.dtype), mixed.shape))
