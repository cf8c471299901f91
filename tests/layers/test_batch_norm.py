"""BatchNorm: statistics of valid samples only, and running ones that gradients move, on any mesh."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from timesuite_jax.layers import BatchNorm, unbox

RNG = np.random.default_rng(0)
X = RNG.normal(3.0, 2.0, (4, 5, 3)).astype(np.float32)
VALID = np.array([True, True, False, True])
WEIGHTS = RNG.normal(size=X.shape).astype(np.float32)
PARAMS = {"mean": np.array([1.0, 2.0, 3.0], np.float32), "var": np.array([0.5, 1.0, 2.0], np.float32)}


@pytest.mark.parametrize("affine", [False, True])
def test_running_statistics_are_used_in_inference(affine):
    norm, x = BatchNorm(1e-5, affine), jnp.asarray(X)
    params = unbox(norm.init(jax.random.key(0), x, deterministic=True))["params"]
    assert set(params) == {"mean", "var", *(("scale", "bias") if affine else ())}
    params = {**params, **PARAMS}
    if affine:
        params |= {"scale": np.array([2, 1, -1], np.float32), "bias": np.array([0, 1, 5], np.float32)}
    expected = (X - PARAMS["mean"]) / np.sqrt(PARAMS["var"] + 1e-5) * params.get("scale", 1) + params.get("bias", 0)
    params = jax.tree.map(jnp.asarray, params)
    np.testing.assert_allclose(norm.apply({"params": params}, x, deterministic=True), expected, rtol=1e-5, atol=1e-5)


def test_training_normalises_by_the_valid_samples_and_moves_the_statistics():
    """The gradients, divided by the number of valid samples, are a tenth of the way to the batch's statistics."""
    used = X[VALID].reshape(-1, 3)
    norm = BatchNorm(1e-6, affine=False)

    @jax.jit
    def run(params, x):
        def loss(params):
            y = norm.apply({"params": params}, x, valid=jnp.asarray(VALID), deterministic=False)
            return jnp.einsum("nND,nND,n->", y, jnp.asarray(WEIGHTS), jnp.asarray(VALID, jnp.float32)), y

        return jax.grad(loss, has_aux=True)(params)

    gradients, y = run(PARAMS, jnp.asarray(X))
    expected = (X - used.mean(axis=0)) / np.sqrt(used.var(axis=0) + 1e-6)
    np.testing.assert_allclose(np.asarray(y)[VALID], expected[VALID], rtol=1e-4, atol=1e-5)
    batch = {"mean": used.mean(axis=0), "var": used.var(axis=0, ddof=1)}
    for name, value in batch.items():
        new = PARAMS[name] + np.asarray(gradients[name]) / VALID.sum()
        np.testing.assert_allclose(new, 0.9 * PARAMS[name] + 0.1 * value, rtol=1e-5, err_msg=name)


def test_a_batch_without_valid_samples_changes_nothing():
    def loss(params):
        x, none = jnp.asarray(X), jnp.zeros(len(X), bool)
        return jnp.sum(BatchNorm(1e-6, affine=False).apply({"params": params}, x, valid=none, deterministic=False))

    for gradient in jax.tree.leaves(jax.jit(jax.grad(loss))(PARAMS)):
        np.testing.assert_array_equal(gradient, 0.0)
