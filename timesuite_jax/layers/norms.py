"""LayerNorm and RMSNorm, computed in float32 whatever the type of the input.

Means and variances over a thousand channels in half precision are too inexact.
"""

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float


class LayerNorm(nn.Module):
    """LayerNorm over the last axis (arXiv:1607.06450) with PyTorch's biased variance."""

    epsilon: float
    dtype: jnp.dtype = jnp.float32  # of the output
    axis: str | None = "embed"  # logical axis of the parameters

    @nn.compact
    def __call__(self, x: Float[Array, "*batch D"]) -> Float[Array, "*batch D"]:
        """Normalises, scales and shifts."""
        width = (x.shape[-1],)
        scale = self.param("scale", nn.with_logical_partitioning(nn.initializers.ones_init(), (self.axis,)), width)
        bias = self.param("bias", nn.with_logical_partitioning(nn.initializers.zeros_init(), (self.axis,)), width)
        x = x.astype(jnp.float32)
        centred = x - jnp.mean(x, axis=-1, keepdims=True)
        normed = centred * jax.lax.rsqrt(jnp.mean(jnp.square(centred), axis=-1, keepdims=True) + self.epsilon)
        # Broadcast instead of einsum: XLA compiles a product over a shared axis as a batched one, and transposes the
        # activations to put that axis first.
        scale, bias = (jnp.broadcast_to(value.astype(jnp.float32), x.shape) for value in (scale, bias))
        return (normed * scale + bias).astype(self.dtype)


class RMSNorm(nn.Module):
    """Root-mean-square norm over the last axis (arXiv:1910.07467)."""

    epsilon: float
    dtype: jnp.dtype = jnp.float32  # of the output
    param_dtype: jnp.dtype = jnp.float32
    axis: str | None = "embed"  # logical axis of the parameter

    @nn.compact
    def __call__(self, x: Float[Array, "*batch D"]) -> Float[Array, "*batch D"]:
        """Normalises and scales."""
        init = nn.with_logical_partitioning(nn.initializers.ones_init(), (self.axis,))
        scale = self.param("scale", init, (x.shape[-1],), self.param_dtype).astype(self.dtype)
        x = x.astype(jnp.float32)
        normed = x * jax.lax.rsqrt(jnp.mean(jnp.square(x), axis=-1, keepdims=True) + self.epsilon)
        # As in Mistral: back to the working type first, then the weight.
        return normed.astype(self.dtype) * jnp.broadcast_to(scale, x.shape)
