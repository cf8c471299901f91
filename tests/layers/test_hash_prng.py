"""Keys of masks: no two alike, what they draw unrelated, and no threefry left in a training pass."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from jaxtyping import Array

from timesuite_jax.layers import Dropout, DropPath, mask_key, run_stack

KEY = mask_key(jax.random.key(3))


def words(keys: Array) -> np.ndarray:
    """A key's two words as one number."""
    first, second = np.moveaxis(np.asarray(jax.random.key_data(keys), np.uint64), -1, 0)
    return first << np.uint64(32) | second


def test_no_two_derived_keys_are_alike():
    split = jax.random.split(KEY, (100, 1000))
    assert split.shape == (100, 1000)
    folded = jax.vmap(jax.random.fold_in, (None, 0))(KEY, jnp.arange(100_000))
    deep = jax.vmap(lambda key: jax.random.split(key, 100))(folded[:1000])
    derived = np.concatenate([words(keys).ravel() for keys in (KEY[None], split, folded, deep)])
    assert len(np.unique(derived)) == len(derived) == 300_001


def test_derived_keys_change_half_the_bits():
    keys = jax.vmap(jax.random.fold_in, (None, 0))(KEY, jnp.arange(1001))
    changed = words(keys)[1:] ^ words(keys)[:-1]
    shares = [np.mean((changed >> np.uint64(bit)) & np.uint64(1)) for bit in range(64)]
    np.testing.assert_allclose(shares, 0.5, atol=4 * 0.5 / np.sqrt(1000))


def test_draws_of_derived_keys_are_unrelated_and_even():
    keys = jax.random.split(KEY, 50)
    draws = np.asarray(jax.vmap(lambda key: jax.random.uniform(key, (2000,)))(keys)) - 0.5
    assert abs(draws.mean()) < 4 * np.sqrt(1 / 12 / draws.size)
    related = np.corrcoef(draws) - np.eye(len(draws))
    assert np.abs(related).max() < 5 / np.sqrt(2000)
    share = np.mean(np.asarray(jax.random.bernoulli(KEY, 0.25, (40_000,))))
    assert share == pytest.approx(0.25, abs=5 * np.sqrt(0.25 * 0.75 / 40_000))


def test_keys_of_rbg_are_taken_too():
    """`JAX_DEFAULT_PRNG_IMPL=rbg` is what many set on TPUs."""
    steps = [mask_key(jax.random.fold_in(jax.random.key(3, impl="rbg"), step)) for step in range(2)]
    assert len(np.unique(words(jnp.stack(steps)))) == 2


class Block(nn.Module):
    """A layer with both kinds of mask."""

    @nn.compact
    def __call__(self, x: Array, rate: Array) -> tuple[Array, None]:
        x = Dropout(0.5)(Dropout(0.5)(x, deterministic=False), deterministic=False)
        return DropPath()(x, rate, deterministic=False), None


class Stack(nn.Module):
    """Three of them."""

    @nn.compact
    def __call__(self, x: Array) -> Array:
        return run_stack(Block(), x, jnp.zeros(3), length=3, remat="full")[0]


def test_a_stack_draws_another_mask_each_time_and_nothing_by_threefry():
    def run(x: Array, key: Array) -> Array:
        return Stack().apply({}, x, rngs={"dropout": key, "drop_path": key})

    x = jnp.ones((40, 1000))
    kept = np.asarray(jax.jit(run)(x, KEY) != 0)
    # Two masks in each of three layers, none like another; the drop path has rate 0.
    assert kept.mean() == pytest.approx(0.5**6, abs=5 * np.sqrt(0.5**6 / kept.size))
    assert not np.array_equal(kept, jax.jit(run)(x, jax.random.fold_in(KEY, 1)) != 0)
    program = jax.jit(jax.grad(lambda x, key: run(x, key).sum())).lower(x, KEY).as_text()
    assert "threefry" not in program
    assert "threefry" in jax.jit(run).lower(x, jax.random.key(3)).as_text(), "so would it be called"
