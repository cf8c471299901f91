"""Dropout's masks: as random as a mask must be, the same on every mesh, and right in their mean."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec
from jaxtyping import Array

from timesuite_jax.errors import UserError
from timesuite_jax.layers import Dropout
from timesuite_jax.layers.dropout import hash_bits

SHAPE = (32, 50, 128)
KEYS = jax.random.split(jax.random.key(5), 2)


def signs(key: Array) -> np.ndarray:
    """The words' topmost bits, as -1 and 1."""
    return np.where(np.asarray(hash_bits(key, SHAPE)) >> 31, 1.0, -1.0)


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.5])
def test_the_rate_and_the_mean_are_kept(rate: float):
    x = jnp.ones(SHAPE)
    y = np.asarray(Dropout(rate).apply({}, x, deterministic=False, rngs={"dropout": KEYS[0]}))
    share, deviation = np.mean(y == 0), np.sqrt(rate * (1 - rate) / y.size)
    assert abs(share - rate) < 4 * deviation
    np.testing.assert_allclose(y[y != 0], 1 / (1 - rate), rtol=1e-6)


def test_the_mean_is_kept_in_bfloat16():
    x = jax.random.uniform(KEYS[1], SHAPE, minval=1.0, maxval=2.0).astype(jnp.bfloat16)
    y = Dropout(0.1).apply({}, x, deterministic=False, rngs={"dropout": KEYS[0]})
    assert y.dtype == jnp.bfloat16
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    rounding = 5 * 2**-8 / np.sqrt(np.count_nonzero(y))  # of a mean of products that are each rounded to 8 bits
    np.testing.assert_allclose(np.mean(y[y != 0] / x[y != 0]), 1 / 0.9, rtol=rounding)


def test_neighbours_rows_and_keys_are_independent():
    one, other = (signs(key) for key in KEYS)
    pairs = {
        "neighbours": (one[:, :, 1:], one[:, :, :-1]),
        "lines": (one[:, 1:], one[:, :-1]),
        "rows": (one[1:], one[:-1]),
        "keys": (one, other),
        "layers' keys": (one, signs(jax.random.fold_in(KEYS[0], 1))),
    }
    for name, (left, right) in pairs.items():
        assert abs(np.mean(left * right)) < 4 / np.sqrt(left.size), name


def test_every_bit_is_even():
    words = np.asarray(hash_bits(KEYS[0], SHAPE))
    shares = [np.mean((words >> bit) & 1) for bit in range(32)]
    np.testing.assert_allclose(shares, 0.5, atol=4 * 0.5 / np.sqrt(words.size))


def test_equal_words_are_as_rare_as_chance_has_them():
    words = np.asarray(hash_bits(KEYS[0], SHAPE))
    repeated, expected = words.size - np.unique(words).size, words.size**2 / 2**33
    assert abs(repeated - expected) < 4 * np.sqrt(expected)


@pytest.mark.parametrize("partition", [("devices",), (None, None, "devices")])
def test_a_mesh_changes_nothing(partition: tuple[str | None, ...]):
    mesh = jax.make_mesh((8,), ("devices",), axis_types=(jax.sharding.AxisType.Auto,))
    split = jax.jit(hash_bits, static_argnums=1, out_shardings=NamedSharding(mesh, PartitionSpec(*partition)))
    np.testing.assert_array_equal(split(KEYS[0], SHAPE), hash_bits(KEYS[0], SHAPE))


def test_deterministic_and_no_rate_draw_nothing():
    x = jnp.ones((2, 3))
    assert Dropout(0.5).apply({}, x, deterministic=True) is x
    assert Dropout(0.0).apply({}, x, deterministic=False) is x


@pytest.mark.parametrize("rate", [-0.1, 1.0, 10.0])
def test_rates_out_of_range_are_rejected(rate: float):
    with pytest.raises(UserError, match=rf"dropout rate of {rate} .* less than 1"):
        Dropout(rate)
