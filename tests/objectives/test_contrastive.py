"""The contrastive loss on a mesh is that of one device, with the true gradient; invalid rows have no part in it."""

import jax
import jax.numpy as jnp
import numpy as np

from timesuite_jax import parallel
from timesuite_jax.objectives import contrastive_loss, same_content, scale_gradient
from timesuite_jax.parallel import MeshSpec

B, D = 16, 12


def rows(seed: int) -> jax.Array:
    return jax.random.normal(jax.random.key(seed), (B, D))


IDS = jnp.asarray([0, 1, 2, 3, 0, 5, 6, 7, 8, 9, 0, 11, 3, 13, 14, 15])[:, None]
VALID = jnp.arange(B) != 5


def loss(left: jax.Array, right: jax.Array, temperature: jax.Array, valid: jax.Array = VALID) -> jax.Array:
    total, count = contrastive_loss(left, right, temperature, same_content(IDS[: len(left)]), valid)
    return total / count


def test_eight_devices_have_the_gradient_of_the_whole_loss():
    inputs = rows(0), rows(1), jnp.asarray(0.1)
    expected = jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2)))(*inputs)
    mesh = parallel.make_mesh(MeshSpec(data=2, fsdp=4))
    rules = parallel.make_rules({}, mesh)
    with parallel.mesh_context(mesh, rules):
        sharding = parallel.batch_sharding(mesh, rules)
        sharded = (*(jax.device_put(x, sharding) for x in inputs[:2]), inputs[2])
        found = jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2)))(*sharded)
    assert not found[1][0].is_fully_replicated
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), found, expected)


def test_rows_that_are_not_valid_are_no_candidates():
    left, right = rows(0), rows(1)
    value = loss(left, right, jnp.asarray(0.1))
    replaced = left.at[5].set(7.0), right.at[5].set(-3.0)
    np.testing.assert_allclose(loss(*replaced, jnp.asarray(0.1)), value, rtol=1e-6)
    kept = np.flatnonzero(VALID)
    without, _ = contrastive_loss(
        left[kept], right[kept], jnp.asarray(0.1), same_content(IDS[kept]), jnp.ones(len(kept), bool)
    )
    np.testing.assert_allclose(without / len(kept), value, rtol=1e-6)


def test_a_batch_without_valid_rows_has_no_loss_and_no_gradient():
    def total(left: jax.Array) -> tuple[jax.Array, jax.Array]:
        return contrastive_loss(left, rows(1), jnp.asarray(0.1), same_content(IDS), jnp.zeros(B, bool))

    (value, count), gradient = jax.value_and_grad(total, has_aux=True)(rows(0))
    assert float(value) == float(count) == 0
    np.testing.assert_array_equal(gradient, 0)


def test_the_gradient_of_upstream_on_several_processes():
    """That of the encoders is divided by the number of processes, that of the temperature is not."""

    def divided(left: jax.Array, right: jax.Array, temperature: jax.Array) -> jax.Array:
        return loss(scale_gradient(left, 0.25), scale_gradient(right, 0.25), temperature)

    inputs = rows(0), rows(1), jnp.asarray(0.1)
    (value, whole), (same, parts) = (
        jax.value_and_grad(function, argnums=(0, 1, 2))(*inputs) for function in (loss, divided)
    )
    np.testing.assert_allclose(value, same, rtol=1e-6)
    for left, right, factor in zip(parts, whole, (0.25, 0.25, 1.0), strict=True):
        np.testing.assert_allclose(left, factor * right, rtol=1e-4, atol=1e-8)
