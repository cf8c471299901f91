"""Kernels of frozen layers in 8 or 4 bits: integers, and a scale for every group of 32 inputs of a column.

A kernel [in, out] becomes `{"quantized": [in, out], "scales": [in / 32, out]}`; a weight is integer times scale. The
scale is bfloat16 and signed: it maps the weight of largest magnitude to the lowest integer, -8 or -128, since two's
complement has one more negative than positive integer (GGML's Q4_0). Normally distributed weights are restored with a
relative error of 8.6 % in 4 bits and 0.5 % in 8. NF4 (arXiv:2305.14314) in groups of 32 has 8.7 % and needs a table
look-up a weight, for which a TPU has no instruction; its usual groups of 64 have 9.2 %.

Quantizing the float32 result of `dequantize` gives the same integers and scales, so a round trip through a file of
floats is lossless.

The library for this, qwix, intercepts the operations of whole modules instead of replacing a kernel, cannot quantize
parameters that are stacked along "layers", and does not cover import, sharding and checkpoints. It could replace only
the two functions below.
"""

import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from einops import rearrange
from flax import linen as nn
from jax.nn.initializers import Initializer
from jaxtyping import Array, Float, Int, PRNGKeyArray, Shaped

QUANTIZED_TYPES: dict[str, jnp.dtype] = {"int8": jnp.dtype(jnp.int8), "int4": jnp.dtype(jnp.int4)}
GROUP = 32  # inputs that share a scale


def group_size(inputs: int) -> int:
    """Inputs that share a scale: 32, or their greatest common divisor with 32 where it does not divide them."""
    return math.gcd(inputs, GROUP)


def quantize(
    kernel: Float[Array | np.ndarray, "*layers in out"], dtype: jnp.dtype
) -> dict[str, Shaped[Array | np.ndarray, "*layers _ out"]]:
    """The integers and scales nearest to a kernel; computed by numpy for a numpy array.

    A group that contains a NaN or an infinity is restored as NaN.

    Args:
      kernel: in any floating type.
      dtype: of the integers, int8 or int4.

    Returns:
      "quantized", of the kernel's shape, and "scales", bfloat16 [*layers, in / group_size(in), out].
    """
    xp: Any = kernel.__array_namespace__()
    lowest = int(jnp.iinfo(dtype).min)
    grouped = rearrange(
        kernel.astype(np.float32), "... (groups i) out -> ... groups i out", i=group_size(kernel.shape[-2])
    )
    low, high = xp.min(grouped, axis=-2), xp.max(grouped, axis=-2)
    scales = (xp.where(-low > high, low, high) / lowest).astype(jnp.bfloat16)
    divisors = xp.where(scales == 0, 1, scales).astype(np.float32)
    nearest = xp.clip(xp.rint(grouped / divisors[..., None, :]), lowest, -lowest - 1)
    return {"quantized": rearrange(nearest, "... groups i out -> ... (groups i) out").astype(dtype), "scales": scales}


def dequantize(
    quantized: Int[Array | np.ndarray, "*layers in out"],
    scales: Float[Array | np.ndarray, "*layers groups out"],
    dtype: jnp.dtype,
) -> Float[Array | np.ndarray, "*layers in out"]:
    """The kernel: integers times scales, exact in float32, rounded to `dtype`."""
    grouped = rearrange(quantized.astype(np.float32), "... (groups i) out -> ... groups i out", groups=scales.shape[-2])
    kernel = grouped * scales.astype(np.float32)[..., None, :]
    return rearrange(kernel, "... groups i out -> ... (groups i) out").astype(dtype)


def quantized_init(
    init: Initializer, integers: jnp.dtype, axes: tuple[str | None, str | None]
) -> Callable[..., dict[str, nn.LogicallyPartitioned]]:
    """An initializer that quantizes the kernel of `init`; kernel and scales have the logical axes `axes`."""

    def boxed(rng: PRNGKeyArray, shape: tuple[int, ...], dtype: jnp.dtype) -> dict[str, nn.LogicallyPartitioned]:
        parts = quantize(init(rng, shape, dtype), integers)
        return {name: nn.LogicallyPartitioned(part, axes) for name, part in parts.items()}

    return boxed
