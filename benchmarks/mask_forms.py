"""The generators that `dropout_masks.py` compares: how each draws the random bits of a mask."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax.sharding import NamedSharding, PartitionSpec

from timesuite_jax.layers import dropout, mask_key

# "hashed" is what `layers.Dropout` draws; the others are implementations of `jax.random`.
FORMS = ("hashed", "rbg", "threefry2x32")
_hash_bits = dropout.hash_bits  # `dropout_step.py` replaces the module's


def make_key(form: str, key: jax.Array) -> jax.Array:
    """The key of a stream of masks, from a key of threefry."""
    if form == "hashed":
        return mask_key(key)
    words = jax.random.key_data(key)
    return jax.random.wrap_key_data(jnp.tile(words, 2) if form == "rbg" else words, impl=form)


def draw(form: str, key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """The 32 random bits an entry that are compared with the rate."""
    return _hash_bits(key, shape) if form == "hashed" else jax.random.bits(key, shape, jnp.uint32)


def tasks() -> dict[str, Callable[[], bool]]:
    """`same_on_every_mesh` of each form."""
    return {form: partial(same_on_every_mesh, form) for form in FORMS}


def same_on_every_mesh(form: str) -> bool:
    """Whether a mask that 8 devices draw, sharded by rows, columns or both, is the mask of one device.

    It runs in a process of its own: there JAX simulates 8 devices, which would slow what is measured.
    """
    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_num_cpu_devices", 8)
    masks = []
    for sizes, spec in (((8, 1), ()), ((8, 1), ("x",)), ((8, 1), (None, "x")), ((2, 4), ("x", "y"))):
        sharding = NamedSharding(jax.make_mesh(sizes, ("x", "y")), PartitionSpec(*spec))
        drawn = jax.jit(lambda key: draw(form, key, (64, 96)), out_shardings=sharding)(
            make_key(form, jax.random.key(0))
        )
        masks.append(jax.device_get(drawn))
    return all(bool((mask == masks[0]).all()) for mask in masks)
