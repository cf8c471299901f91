"""The closed-form slopes against automatic differentiation of the plain formulas, and GELU against SciPy's digits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from scipy.special import ndtr

from timesuite_jax.layers import gated_silu, gelu, gelu_tanh

X = jnp.linspace(-12.0, 12.0, 4001)


def test_gelu_is_the_normal_distribution_times_x():
    expected = np.asarray(X, np.float64) * ndtr(np.asarray(X, np.float64))
    np.testing.assert_allclose(gelu(X), expected, rtol=0, atol=2e-6)


def test_gelu_keeps_its_digits_in_half_precision():
    x = jnp.linspace(-4.0, 4.0, 801).astype(jnp.bfloat16)
    expected = np.asarray(x, np.float64) * ndtr(np.asarray(x, np.float64))
    np.testing.assert_allclose(np.asarray(gelu(x), np.float64), expected, rtol=2**-7, atol=0)


def test_gelu_has_the_slope_of_jax_s_own():
    plain = jax.vmap(jax.grad(lambda x: jax.nn.gelu(x, approximate=False)))
    np.testing.assert_allclose(jax.vmap(jax.grad(gelu))(X), plain(X), rtol=0, atol=2e-6)
    check_grads(jax.jit(gelu), (X[::401],), order=2, modes=("fwd", "rev"))


def test_gelu_tanh_has_values_and_slopes_of_jax_s_own():
    np.testing.assert_allclose(gelu_tanh(X), jax.nn.gelu(X, approximate=True), rtol=0, atol=2e-6)
    plain = jax.vmap(jax.grad(lambda x: jax.nn.gelu(x, approximate=True)))
    # Where 1 - tanh^2 loses its digits, it is multiplied by up to 8: a few float32 roundings of that on both sides.
    np.testing.assert_allclose(jax.vmap(jax.grad(gelu_tanh))(X), plain(X), rtol=0, atol=8 * 8 * 2**-24)
    check_grads(jax.jit(gelu_tanh), (X[::401],), order=1, modes=("fwd", "rev"))


def test_gelu_tanh_has_the_second_slope_of_jax_s_own():
    x = X[1500:2501]  # within -3 to 3: further out the difference of two numbers near 1 has few digits
    second = [jax.vmap(jax.grad(jax.grad(f)))(x) for f in (gelu_tanh, lambda x: jax.nn.gelu(x, approximate=True))]
    np.testing.assert_allclose(*second, rtol=0, atol=1e-5)


def test_gated_silu_has_the_slopes_of_the_plain_product():
    gate, up = X, jnp.cos(X)
    plain = jax.grad(lambda gate, up: jnp.sum(jax.nn.silu(gate) * up), argnums=(0, 1))(gate, up)
    ours = jax.grad(lambda gate, up: jnp.sum(gated_silu(gate, up)), argnums=(0, 1))(gate, up)
    for a, b in zip(ours, plain, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float32])
def test_the_type_stays(dtype):
    x = X.astype(dtype)
    assert gelu(x).dtype == gated_silu(x, x).dtype == jax.grad(lambda x: jnp.sum(gelu(x)))(x).dtype == dtype


def test_one_array_is_kept_for_each_input():
    kept = jax.tree.leaves(jax.vjp(gelu, X)[1]), jax.tree.leaves(jax.vjp(gated_silu, X, X)[1])
    assert [sum(leaf.shape == X.shape for leaf in leaves) for leaves in kept] == [1, 2]
