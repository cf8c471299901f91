"""The activations of the feed-forward blocks, each with its derivative in closed form.

`jax.nn.gelu` and `jax.nn.silu` have no custom derivative: automatic differentiation keeps several arrays of the block's
hidden width for the backward pass. With the derivative in closed form it keeps one an input, and the backward pass is a
multiplication.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


@jax.custom_jvp
def gelu(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """GELU by the error function (arXiv:1606.08415), PyTorch's default.

    `jax.nn.gelu(approximate=False)` uses the complementary error function. That is exact to more digits far below zero,
    where the result is nearly zero, at several times the arithmetic. Computed in float32 whatever the type of `x`: in
    half precision `1 + erf` would lose all digits there.
    """
    wide = x.astype(jnp.float32)
    return (wide * _normal_cdf(wide)).astype(x.dtype)


@gelu.defjvp
def _gelu_jvp(
    primals: tuple[Float[Array, "*shape"]], tangents: tuple[Float[Array | np.ndarray, "*shape"]]
) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"]]:
    (x,), (dx,) = primals, tangents
    wide = x.astype(jnp.float32)
    cdf = _normal_cdf(wide)
    density = jnp.exp(-0.5 * jnp.square(wide)) * (1.0 / math.sqrt(2.0 * math.pi))
    return (wide * cdf).astype(x.dtype), dx * (cdf + wide * density).astype(x.dtype)


def _normal_cdf(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    return 0.5 * (1.0 + jax.lax.erf(x * math.sqrt(0.5)))


@jax.custom_jvp
def gelu_tanh(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """GELU by the hyperbolic tangent, PyTorch's `approximate="tanh"`: up to 5e-4 from the exact form.

    Computed in float32, as `gelu`.
    """
    wide = x.astype(jnp.float32)
    return (wide * (0.5 * (1.0 + jnp.tanh(_tanh_argument(wide))))).astype(x.dtype)


@gelu_tanh.defjvp
def _gelu_tanh_jvp(
    primals: tuple[Float[Array, "*shape"]], tangents: tuple[Float[Array | np.ndarray, "*shape"]]
) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"]]:
    (x,), (dx,) = primals, tangents
    wide = x.astype(jnp.float32)
    tanh = jnp.tanh(_tanh_argument(wide))
    cdf = 0.5 * (1.0 + tanh)
    inner = _TANH_SCALE * (1.0 + 3.0 * _TANH_CUBE * jnp.square(wide))
    slope = cdf + 0.5 * wide * (1.0 - jnp.square(tanh)) * inner
    return (wide * cdf).astype(x.dtype), dx * slope.astype(x.dtype)


_TANH_SCALE, _TANH_CUBE = math.sqrt(2.0 / math.pi), 0.044715


def _tanh_argument(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    return _TANH_SCALE * (x + _TANH_CUBE * x * jnp.square(x))


@jax.custom_jvp
def gated_silu(gate: Float[Array, "*shape"], up: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """`silu(gate) * up`, the inner part of SwiGLU (arXiv:2002.05202)."""
    return jax.nn.silu(gate) * up


@gated_silu.defjvp
def _gated_silu_jvp(
    primals: tuple[Float[Array, "*shape"], Float[Array, "*shape"]],
    tangents: tuple[Float[Array | np.ndarray, "*shape"], Float[Array | np.ndarray, "*shape"]],
) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"]]:
    (gate, up), (d_gate, d_up) = primals, tangents
    sigmoid = jax.nn.sigmoid(gate)
    silu = gate * sigmoid
    slope = up * (sigmoid + silu * (1.0 - sigmoid))
    return silu * up, d_gate * slope + d_up * silu
