"""Dropout (arXiv:1207.0580) whose random numbers cost next to nothing.

JAX's generator makes a word in some hundred operations. With adapters on seven products a layer that was a fifth of the
instructions in the program for a TPU, and on a CPU core twenty times the seconds. A mask needs no generator of that
strength. Here a word is a hash of its place in the array and the key, and so the same on every mesh.
"""

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Array, Float, UInt32

from timesuite_jax.errors import UserError


class Dropout(nn.Module):
    """Zeroes entries at random and scales the others by 1 / (1 - rate)."""

    rate: float

    def __post_init__(self) -> None:
        """Refuses what is no share of the entries."""
        if not 0.0 <= self.rate < 1.0:
            raise UserError(f"a dropout of {self.rate} leaves nothing or is no share; give at least 0 and less than 1")
        super().__post_init__()

    @nn.compact
    def __call__(self, x: Float[Array, "*shape"], *, deterministic: bool) -> Float[Array, "*shape"]:
        """Returns `x` with entries dropped; draws from the stream "dropout" unless `deterministic`."""
        if deterministic or self.rate == 0.0:
            return x
        dropped = hash_bits(self.make_rng("dropout"), x.shape) < np.uint32(self.rate * 2**32)
        # In float32, since bfloat16 has no 0.9: it would make everything that is kept 0.17 % too large.
        scaled = (x.astype(jnp.float32) / np.float32(1.0 - self.rate)).astype(x.dtype)
        return jnp.where(dropped, jnp.zeros_like(x), scaled)


def hash_bits(key: Array, shape: tuple[int, ...]) -> UInt32[Array, "*shape"]:
    """32 random bits for each place of an array of at least one axis.

    Rows (places on the first axis) are hashed apart from places within them: a batch may have more than 2^32 places.
    """
    return hash_iota(jax.random.key_data(key), shape)


def hash_iota(seed: UInt32[Array, "2"], shape: tuple[int, ...]) -> UInt32[Array, "*shape"]:
    """`hash_bits` of the two words of a key."""
    row = jax.lax.broadcasted_iota(np.uint32, (shape[0], *(1 for _ in shape[1:])), 0)
    column = jnp.zeros(shape, np.uint32)
    for axis in range(1, len(shape)):
        column = column * np.uint32(shape[axis]) + jax.lax.broadcasted_iota(np.uint32, shape, axis)
    return lowbias32(lowbias32(column ^ seed[0]) - jnp.broadcast_to(lowbias32(row ^ seed[1]), shape))


def lowbias32(x: UInt32[Array, "*shape"]) -> UInt32[Array, "*shape"]:
    """A bijection of words of which every bit depends on every other (`lowbias32` of hash-prospector)."""
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))
