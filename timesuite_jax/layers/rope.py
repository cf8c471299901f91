"""Rotary position embedding (arXiv:2104.09864) in the half-split form of Hugging Face's Llama and Mistral.

Channel i of a head is rotated together with channel i + d/2, not with channel i + 1 as in the paper; checkpoints of the
two forms are not interchangeable.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


def token_positions(valid: Bool[Array, "B S"], segments: Int[Array, "B S"] | None = None) -> Int[Array, "B S"]:
    """Positions counted over valid tokens from 0; each segment but 0 continues from the end of segment 0.

    Args:
      valid: False at padding, on either side.
      segments: see `attention`; runs of equal numbers, segment 0 first.
    """
    count = jnp.maximum(jnp.cumsum(valid.astype(jnp.int32), axis=1) - 1, 0)
    if segments is None:
        return count
    shared = jnp.sum(valid & (segments == 0), axis=1, keepdims=True)
    first = jnp.concatenate([jnp.zeros_like(valid[:, :1]), segments[:, 1:] != segments[:, :-1]], axis=1)
    start = jax.lax.cummax(jnp.where(first, count, 0), axis=1)
    return jnp.where(segments == 0, count, count - start + shared)


def rope_angles(
    positions: Int[Array, "B S"], width: int, theta: float
) -> tuple[Float[Array, "B S half"], Float[Array, "B S half"]]:
    """Cosines and sines of the rotation angles, float32 whatever the type of the model.

    Args:
      positions: position of each token, counted from 0.
      width: width d of a head; half of it is the number of angles.
      theta: base of the geometric series of wave lengths.

    Raises:
      ValueError: if `width` is odd.
    """
    if width % 2:
        raise ValueError(f"the width of a head is {width}; rotary embeddings need an even width")
    frequencies = theta ** -(jnp.arange(0, width, 2, dtype=jnp.float32) / width)
    angles = jnp.einsum("BS,d->BSd", positions.astype(jnp.float32), frequencies)
    return jnp.cos(angles), jnp.sin(angles)


def apply_rope(
    x: Float[Array, "B S h d"], cos: Float[Array, "B S half"], sin: Float[Array, "B S half"]
) -> Float[Array, "B S h d"]:
    """Rotates queries or keys by the angles of their positions; the result has the type of `x`."""
    first, second = jnp.split(x.astype(jnp.float32), 2, axis=-1)
    cos, sin = cos[:, :, None], sin[:, :, None]
    return jnp.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1).astype(x.dtype)
