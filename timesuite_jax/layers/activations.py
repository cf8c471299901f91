"""The two nonlinearities of the feed-forward blocks, each with its slope in closed form.

Left to automatic differentiation, either keeps several arrays of the block's inner width for the backward pass. With
its slope written down it keeps one for each input, and the backward pass multiplies by it and does nothing else.
"""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


@jax.custom_jvp
def gelu(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """GELU by the error function (arXiv:1606.08415), the form that PyTorch computes by default.

    `jax.nn.gelu` takes the complementary error function, which holds more digits far below zero, where the result is
    next to nothing, for several times the arithmetic. Computed in float32 whatever the type of `x`: in half precision
    `1 + erf` would lose all digits there.
    """
    wide = x.astype(jnp.float32)
    return (wide * _normal_cdf(wide)).astype(x.dtype)


@gelu.defjvp
def _gelu_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (x,), (dx,) = primals, tangents
    wide = x.astype(jnp.float32)
    cdf = _normal_cdf(wide)
    density = jnp.exp(-0.5 * jnp.square(wide)) * (1.0 / math.sqrt(2.0 * math.pi))
    return (wide * cdf).astype(x.dtype), dx * (cdf + wide * density).astype(x.dtype)


def _normal_cdf(x: Array) -> Array:
    return 0.5 * (1.0 + jax.lax.erf(x * math.sqrt(0.5)))


@jax.custom_jvp
def gated_silu(gate: Float[Array, "*shape"], up: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """`silu(gate) * up`, the inside of SwiGLU (arXiv:2002.05202)."""
    return jax.nn.silu(gate) * up


@gated_silu.defjvp
def _gated_silu_jvp(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    (gate, up), (d_gate, d_up) = primals, tangents
    share = jax.nn.sigmoid(gate)
    silu = gate * share
    slope = up * (share + silu * (1.0 - share))
    return silu * up, d_gate * slope + d_up * silu
