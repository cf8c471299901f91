"""Feed-forward and drop path."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from timesuite_jax.layers import DropPath, FeedForward


def test_feed_forward_uses_the_exact_gelu():
    torch = pytest.importorskip("torch")
    x = jax.random.normal(jax.random.key(0), (2, 3, 8))
    block = FeedForward(16)
    variables = nn.meta.unbox(block.init(jax.random.key(1), x))
    params = jax.tree.map(np.array, variables["params"])
    hidden = torch.nn.functional.gelu(torch.tensor(np.array(x)) @ torch.tensor(params["fc1"]["kernel"]))
    expected = hidden @ torch.tensor(params["fc2"]["kernel"])
    np.testing.assert_allclose(block.apply(variables, x), expected, atol=1e-6)


def test_drop_path_drops_samples_whole_and_keeps_the_mean():
    x, rate = jnp.ones((4000, 3, 2)), jnp.float32(0.25)
    out = np.asarray(DropPath().apply({}, x, rate, deterministic=False, rngs={"drop_path": jax.random.key(0)}))
    assert (out == out[:, :1, :1]).all(), "all elements of a sample share its fate"
    np.testing.assert_allclose(np.unique(out), [0.0, 1 / 0.75], rtol=1e-6)
    np.testing.assert_allclose(out.mean(), 1.0, atol=5 * np.sqrt(0.25 / 0.75 / len(x)))  # standard deviations


def test_drop_path_is_nothing_when_deterministic_or_at_rate_zero():
    x = jax.random.normal(jax.random.key(0), (5, 2))
    assert DropPath().apply({}, x, jnp.float32(0.9), deterministic=True) is x
    kept = DropPath().apply({}, x, jnp.float32(0.0), deterministic=False, rngs={"drop_path": jax.random.key(0)})
    np.testing.assert_array_equal(kept, x)
