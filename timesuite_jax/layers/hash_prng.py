"""A JAX PRNG implementation for dropout masks, in which deriving a key takes a few operations instead of a hundred.

Each module folds its name into the key of its stream. With threefry, JAX's default, and with `rbg`, which derives keys
by threefry, that is a hundred scalar operations. In VideoChat-T's training step they were half of all instructions
outside of fusions, and a fifth of the compile time of the Q-Former on TPU. Masks do not need a generator of that
quality; these keys are hashed like the bits of `layers/dropout.py`, which has the measurement.
"""

import jax
import jax.extend as jex
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Integer, PRNGKeyArray, UInt, UInt32

from timesuite_jax.layers.dropout import hash_iota, lowbias32

_WORD = 32
# Separates splitting a key from folding a number in; the first bits of the fraction of pi.
_SPLIT = np.uint32(0x243F6A88)


def mask_key(key: PRNGKeyArray) -> PRNGKeyArray:
    """A key for masks from the first two words of `key`: keys derived from it and bits drawn with it are hashed.

    Args:
      key: of threefry, JAX's default, or rbg (`JAX_DEFAULT_PRNG_IMPL`), which holds two threefry keys.
    """
    return jax.random.wrap_key_data(jax.random.key_data(key)[..., :2], impl=_IMPLEMENTATION)


def _fold_in(key: UInt32[Array, "2"], data: UInt32[Array, "*shape"]) -> UInt32[Array, "*shape 2"]:
    """Bijective in the key for a fixed number, and injective in the number for a fixed key."""
    first = lowbias32(key[0] ^ lowbias32(data + _SPLIT))
    return jnp.stack([first, lowbias32(key[1] ^ lowbias32(first - data))], axis=-1)


def _split(key: UInt32[Array, "2"], shape: tuple[int, ...]) -> UInt32[Array, "*shape 2"]:
    numbers = jax.lax.iota(np.uint32, int(np.prod(shape))).reshape(shape)
    return _fold_in(_fold_in(key, jnp.asarray(_SPLIT)), numbers)


def _random_bits(key: UInt32[Array, "2"], bit_width: int, shape: tuple[int, ...]) -> UInt[Array, "*shape"]:
    if bit_width > _WORD:
        raise ValueError(f"a mask key draws at most {_WORD} bits an entry, not {bit_width}; use jax.random.key")
    words = hash_iota(key, (1, *shape))[0]
    return (words >> np.uint32(_WORD - bit_width)).astype(f"uint{bit_width}")


def _seed(seed: Integer[Array, ""]) -> UInt32[Array, "2"]:
    return _fold_in(jnp.zeros(2, np.uint32), seed.astype(np.uint32))


_IMPLEMENTATION = jex.random.define_prng_impl(
    key_shape=(2,), seed=_seed, split=_split, random_bits=_random_bits, fold_in=_fold_in, name="masks", tag="mask"
)
