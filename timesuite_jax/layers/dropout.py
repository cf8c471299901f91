"""Dropout (arXiv:1207.0580) with hashed masks: the random bits of an entry are a hash of its index and the key.

JAX's generators cost more than a mask needs. On CPU a whole training step of the medium model (forward, backward with
rematerialization, AdamW; `benchmarks/dropout_masks.py`) takes 1.25 times as long with threefry and 1.42 times with
`rbg` as with hashed masks, which is why they are kept; the dropout of one [614, 1024] array takes 0.39 ms hashed, 5.6
ms with threefry and 13 ms with `rbg`. Deriving a key, which each module does, compiles to 68 lines of HLO instead of
216 and 239. With adapters on seven products a layer, threefry was a fifth of the instructions in the program for a
TPU; step times there have not been measured. JAX does not guarantee that `rbg` draws the same bits under other
shardings, though it does on the simulated meshes of the benchmark; a hash of the index always does.
"""

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Array, Float, PRNGKeyArray, UInt32

from timesuite_jax.errors import UserError


class Dropout(nn.Module):
    """Zeroes entries at random and scales the others by 1 / (1 - rate)."""

    rate: float

    def __post_init__(self) -> None:
        """Checks the rate."""
        if not 0.0 <= self.rate < 1.0:
            raise UserError(f"a dropout rate of {self.rate} is out of range; set at least 0 and less than 1")
        super().__post_init__()

    @nn.compact
    def __call__(self, x: Float[Array, "*shape"], *, deterministic: bool) -> Float[Array, "*shape"]:
        """Returns `x` with entries dropped; draws from the stream "dropout" unless `deterministic`."""
        if deterministic or self.rate == 0.0:
            return x
        dropped = hash_bits(self.make_rng("dropout"), x.shape) < np.uint32(self.rate * 2**32)
        # In float32, since bfloat16 cannot represent 0.9: all kept entries would be 0.17 % too large.
        scaled = (x.astype(jnp.float32) / np.float32(1.0 - self.rate)).astype(x.dtype)
        return jnp.where(dropped, jnp.zeros_like(x), scaled)


def hash_bits(key: PRNGKeyArray, shape: tuple[int, ...]) -> UInt32[Array, "*shape"]:
    """32 random bits an entry of an array with at least one axis.

    The index along the first axis is hashed separately from the index within a row: a batch may have more than 2^32
    entries.
    """
    return hash_iota(jax.random.key_data(key), shape)


def hash_iota(seed: UInt32[Array, "2"], shape: tuple[int, ...]) -> UInt32[Array, "*shape"]:
    """`hash_bits` for the two words of a key."""
    row = jax.lax.broadcasted_iota(np.uint32, (shape[0], *(1 for _ in shape[1:])), 0)
    column = jnp.zeros(shape, np.uint32)
    for axis in range(1, len(shape)):
        column = column * np.uint32(shape[axis]) + jax.lax.broadcasted_iota(np.uint32, shape, axis)
    return lowbias32(lowbias32(column ^ seed[0]) - jnp.broadcast_to(lowbias32(row ^ seed[1]), shape))


def lowbias32(x: UInt32[Array, "*shape"]) -> UInt32[Array, "*shape"]:
    """Bijective mixing of 32-bit words in which every output bit depends on every input bit (hash-prospector)."""
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))
