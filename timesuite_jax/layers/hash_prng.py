"""Keys of masks: as JAX's, but deriving one from another costs a few operations and not a hundred.

Each module folds its name into the key of its stream. With threefry, JAX's generator, that is a hundred operations on
single numbers. In VideoChat-T's training step they were half of all instructions outside of fusions, and a fifth of the
time that a TPU's compiler took for the Q-Former. Masks need no generator of that strength; these are hashes, like the
words of `layers/dropout.py`.
"""

import jax
import jax.extend as jex
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray, UInt32

from timesuite_jax.layers.dropout import hash_iota, lowbias32

_WORD = 32
# Tells splitting a key from folding a number in; the bits of pi.
_SPLIT = np.uint32(0x243F6A88)


def mask_key(key: PRNGKeyArray) -> PRNGKeyArray:
    """The first two words as a key of masks: all that is derived from it, and drawn with it, is hashed.

    Args:
      key: of threefry, JAX's default, or rbg (`JAX_DEFAULT_PRNG_IMPL`), which has two keys of threefry in one.
    """
    return jax.random.wrap_key_data(jax.random.key_data(key)[..., :2], impl=_IMPLEMENTATION)


def _fold_in(key: UInt32[Array, "2"], data: UInt32[Array, "*shape"]) -> UInt32[Array, "*shape 2"]:
    """For one number a bijection of keys, and for one key no two numbers give the same."""
    first = lowbias32(key[0] ^ lowbias32(data + _SPLIT))
    return jnp.stack([first, lowbias32(key[1] ^ lowbias32(first - data))], axis=-1)


def _split(key: UInt32[Array, "2"], shape: tuple[int, ...]) -> UInt32[Array, "*shape 2"]:
    numbers = jax.lax.iota(np.uint32, int(np.prod(shape))).reshape(shape)
    return _fold_in(_fold_in(key, jnp.asarray(_SPLIT)), numbers)


def _random_bits(key: UInt32[Array, "2"], bit_width: int, shape: tuple[int, ...]) -> Array:
    if bit_width > _WORD:
        raise ValueError(f"a key of masks draws at most {_WORD} bits at once, not {bit_width}")
    words = hash_iota(key, (1, *shape))[0]
    return (words >> np.uint32(_WORD - bit_width)).astype(f"uint{bit_width}")


def _seed(seed: Array) -> UInt32[Array, "2"]:
    return _fold_in(jnp.zeros(2, np.uint32), seed.astype(np.uint32))


_IMPLEMENTATION = jex.random.define_prng_impl(
    key_shape=(2,), seed=_seed, split=_split, random_bits=_random_bits, fold_in=_fold_in, name="masks", tag="mask"
)
