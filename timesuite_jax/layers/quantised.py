"""Kernels of frozen layers in 8 or 4 bits: integer codes, and a scale for every 32 of them down a column.

A kernel [in, out] becomes `{"codes": [in, out], "scales": [in / 32, out]}`; a weight is its code times its scale. The
scale is bfloat16 and signed: it maps the weight of largest magnitude to the lowest code, -8 or -128, of which two's
complement has one more than of positive ones (GGML's Q4_0). Weights drawn from a normal distribution come back with a
relative error of 8.6 % in 4 bits and 0.5 % in 8. NF4 (arXiv:2305.14314) in groups of 32 has 8.7 % and needs a table
look-up a weight, for which a TPU has no instruction; its usual groups of 64 have 9.2 %.

Quantising what `dequantise` returns in float32 gives the same codes and scales, so nothing is lost on the way from one
file to another.

qwix, the library for this, was weighed: it intercepts the operations of whole modules instead of replacing a kernel,
cannot quantise parameters that are stacked along "layers", and leaves import, sharding and checkpoints to be written
all the same. What is left to replace are the two functions below.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import jax.numpy as jnp
import numpy as np
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Float, Int, Shaped

CODES: dict[str, jnp.dtype] = {"int8": jnp.dtype(jnp.int8), "int4": jnp.dtype(jnp.int4)}
KERNELS = ("float", *CODES)  # how a model may store its kernels
GROUP = 32  # inputs that share a scale

Kernel: TypeAlias = Float[Array, "*layers in out"] | Mapping[str, Shaped[Array, "*layers _ out"]]


def group_size(inputs: int) -> int:
    """Inputs that share a scale in a kernel of that many: 32, or less where 32 does not divide them."""
    return math.gcd(inputs, GROUP)


def quantise(
    kernel: Float[Array | np.ndarray, "*layers in out"], codes: jnp.dtype
) -> dict[str, Shaped[Array | np.ndarray, "*layers _ out"]]:
    """Codes and scales nearest to a kernel; in numpy for a numpy array.

    A group with a NaN or an infinity in it comes back as NaN.

    Args:
      kernel: in any floating type.
      codes: the type of the codes, int8 or int4.

    Returns:
      "codes", of the kernel's shape, and "scales", bfloat16 [*layers, in / group_size(in), out].
    """
    xp: Any = kernel.__array_namespace__()
    lowest = int(jnp.iinfo(codes).min)
    grouped = rearrange(
        kernel.astype(np.float32), "... (groups i) out -> ... groups i out", i=group_size(kernel.shape[-2])
    )
    low, high = xp.min(grouped, axis=-2), xp.max(grouped, axis=-2)
    scales = (xp.where(-low > high, low, high) / lowest).astype(jnp.bfloat16)
    divisors = xp.where(scales == 0, 1, scales).astype(np.float32)
    nearest = xp.clip(xp.rint(grouped / divisors[..., None, :]), lowest, -lowest - 1)
    return {"codes": rearrange(nearest, "... groups i out -> ... (groups i) out").astype(codes), "scales": scales}


def dequantise(
    codes: Int[Array | np.ndarray, "*layers in out"],
    scales: Float[Array | np.ndarray, "*layers groups out"],
    dtype: jnp.dtype,
) -> Float[Array | np.ndarray, "*layers in out"]:
    """The kernel that codes and scales stand for: their product, exact in float32, rounded to `dtype`."""
    grouped = rearrange(codes.astype(np.float32), "... (groups i) out -> ... groups i out", groups=scales.shape[-2])
    kernel = grouped * scales.astype(np.float32)[..., None, :]
    return rearrange(kernel, "... groups i out -> ... (groups i) out").astype(dtype)


def quantised_init(
    init: Callable[..., Array], codes: jnp.dtype, axes: tuple[str | None, str | None]
) -> Callable[..., dict[str, nn.LogicallyPartitioned]]:
    """An initialiser of a quantised kernel: what `init` gives, quantised. Groups lie along the axis of the inputs."""

    def boxed(rng: Array, shape: tuple[int, ...], dtype: jnp.dtype) -> dict[str, nn.LogicallyPartitioned]:
        parts = quantise(init(rng, shape, dtype), codes)
        return {name: nn.LogicallyPartitioned(part, axes) for name, part in parts.items()}

    return boxed
