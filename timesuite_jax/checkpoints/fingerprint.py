"""Hashes the content of a tree of arrays, independently of how the arrays are sharded.

Frozen parameters are stored once for a run under this hash. It is computed on the devices: a sum of hashed words in
modular arithmetic does not depend on how an array is split, so no tensor is copied to a host. It distinguishes
different weights; it is not cryptographic.
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
    """Returns 32 hex digits that depend on every path, shape, dtype and bit of the tree."""
    leaves = dict(param_tree.leaves_with_paths(params))
    sums = jax.device_get(jax.jit(lambda arrays: {path: _sums(x) for path, x in arrays.items()})(leaves))
    digest = hashlib.sha256()
    for path, x in leaves.items():
        digest.update(f"{'/'.join(path)} {x.shape} {x.dtype} ".encode() + np.asarray(sums[path]).tobytes())
    return digest.hexdigest()[:32]


def _fmix32(x: UInt32[Array, "*shape"]) -> UInt32[Array, "*shape"]:
    """Applies the finalizer of MurmurHash3 (fmix32): every input bit affects every output bit."""
    x = (x ^ (x >> jnp.uint32(16))) * jnp.uint32(0x85EBCA6B)
    x = (x ^ (x >> jnp.uint32(13))) * jnp.uint32(0xC2B2AE35)
    return x ^ (x >> jnp.uint32(16))


def _sums(x: Shaped[Array, "*shape"]) -> UInt32[Array, " lanes"]:
    """Sums the words of an array, each hashed together with its position; one sum for each lane."""
    if x.dtype == jnp.bool_:
        x = x.astype(jnp.uint8)
    elif jnp.issubdtype(x.dtype, jnp.integer) and jnp.iinfo(x.dtype).bits < 8:
        x = x.astype(jnp.int8)
    words = jax.lax.bitcast_convert_type(x, jnp.dtype(f"uint{8 * x.dtype.itemsize}")).astype(jnp.uint32)
    position = jnp.zeros(x.shape, jnp.uint32)
    for axis, size in enumerate(x.shape):
        position = position * jnp.uint32(size) + jax.lax.broadcasted_iota(jnp.uint32, x.shape, axis)
    lanes = [jnp.sum(_fmix32(words ^ _fmix32(position + jnp.uint32(lane << 30)))) for lane in range(_LANES)]
    return jnp.stack(lanes).astype(jnp.uint32)
