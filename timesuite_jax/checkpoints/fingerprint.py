"""A name for the content of a tree of arrays, wherever its pieces lie.

Frozen parameters are stored once a run and referred to by this name. It is computed on the devices: sums of scrambled
words in modular arithmetic do not depend on how an array is split, so no tensor travels to a host to be hashed. It
tells different weights apart; it is no protection against someone who wants two to look alike.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Shaped, UInt32

from timesuite_jax import param_tree

_LANES = 4  # of 32 bits each


def fingerprint(params: Mapping[str, Any]) -> str:
    """32 hex digits that depend on every path, shape, dtype and bit of the tree."""
    leaves = dict(param_tree.leaves_with_paths(params))
    sums = jax.device_get(jax.jit(lambda arrays: {path: _sums(x) for path, x in arrays.items()})(leaves))
    digest = hashlib.sha256()
    for path, x in leaves.items():
        digest.update(f"{'/'.join(path)} {x.shape} {x.dtype} ".encode() + np.asarray(sums[path]).tobytes())
    return digest.hexdigest()[:32]


def _scramble(x: UInt32[Array, "*shape"]) -> UInt32[Array, "*shape"]:
    """MurmurHash3's finaliser: every bit of the word moves every other."""
    x = (x ^ (x >> jnp.uint32(16))) * jnp.uint32(0x85EBCA6B)
    x = (x ^ (x >> jnp.uint32(13))) * jnp.uint32(0xC2B2AE35)
    return x ^ (x >> jnp.uint32(16))


def _sums(x: Shaped[Array, "*shape"]) -> UInt32[Array, " lanes"]:
    """Sums over the array of its words, each scrambled together with its position."""
    if x.dtype == jnp.bool_:
        x = x.astype(jnp.uint8)
    elif jnp.issubdtype(x.dtype, jnp.integer) and jnp.iinfo(x.dtype).bits < 8:
        x = x.astype(jnp.int8)
    words = jax.lax.bitcast_convert_type(x, jnp.dtype(f"uint{8 * x.dtype.itemsize}")).astype(jnp.uint32)
    position = jnp.zeros(x.shape, jnp.uint32)
    for axis, size in enumerate(x.shape):
        position = position * jnp.uint32(size) + jax.lax.broadcasted_iota(jnp.uint32, x.shape, axis)
    lanes = [jnp.sum(_scramble(words ^ _scramble(position + jnp.uint32(lane << 30)))) for lane in range(_LANES)]
    return jnp.stack(lanes).astype(jnp.uint32)
