"""Resizes frames on the device, as PyTorch's bicubic `interpolate(align_corners=False)` does."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from timesuite_jax.layers.positions import bicubic_resize_matrix


def resize_frames(frames: Float[Array, "n F H W channels"], size: int) -> Float[Array, "n F size size channels"]:
    """Resizes frames to squares, without antialiasing; frames of that size are returned as they are.

    Args:
      frames: pixels, normalised or not.
      size: side of the result in pixels.
    """
    rows, columns = frames.shape[2:4]
    if (rows, columns) == (size, size):
        return frames
    down, across = (jnp.asarray(bicubic_resize_matrix(old, size), jnp.float32) for old in (rows, columns))
    resized = jnp.einsum("yH,xW,nFHWc->nFyxc", down, across, frames.astype(jnp.float32))
    return resized.astype(frames.dtype)
