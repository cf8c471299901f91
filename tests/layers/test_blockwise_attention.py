"""Attention by blocks of queries equals the reference, whatever the mask and however many blocks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.layers import REMAT_POLICIES, attention


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("length", "keys", "causal"), [(5, 5, True), (300, 300, True), (5, 5, False), (300, 40, False)]
)
def test_equals_the_reference(length: int, keys: int, causal: bool, masked: bool):
    rngs = jax.random.split(jax.random.key(0), 4)
    q = jax.random.normal(rngs[0], (2, length, 4, 8))
    k, v = (jax.random.normal(rng, (2, keys, 2, 8)) for rng in rngs[1:3])
    weight = jax.random.normal(rngs[3], q.shape)
    # Row 0 is whole, row 1 has padding on the right: its first queries see something even under a causal mask.
    kv_mask = jnp.arange(keys)[None] < jnp.array([keys, keys - 3])[:, None] if masked else None

    def total(impl: str, q: jax.Array, k: jax.Array, v: jax.Array) -> tuple[jax.Array, jax.Array]:
        out = attention(q, k, v, causal=causal, kv_mask=kv_mask, impl=impl)
        return jnp.sum(out * weight), out

    both = jax.jit(jax.value_and_grad(total, argnums=(1, 2, 3), has_aux=True), static_argnums=0)
    (_, expected), expected_grads = both("xla", q, k, v)
    (_, actual), actual_grads = both("blockwise", q, k, v)
    for want, have in zip((expected, *expected_grads), (actual, *actual_grads), strict=True):
        np.testing.assert_allclose(have, want, rtol=1e-5, atol=1e-5)


def segmented(length: int) -> jax.Array:
    """Row 0 has three segments after the shared one, row 1 none."""
    index = jnp.arange(length)
    return jnp.stack([jnp.clip(index * 5 // length - 1, 0), jnp.zeros_like(index)])


@pytest.mark.parametrize("length", [10, 300])
def test_segments_equal_the_reference(length: int):
    rngs = jax.random.split(jax.random.key(0), 4)
    q = jax.random.normal(rngs[0], (2, length, 4, 8))
    k, v = (jax.random.normal(rng, (2, length, 2, 8)) for rng in rngs[1:3])
    weight = jax.random.normal(rngs[3], q.shape)

    def total(impl: str, q: jax.Array, k: jax.Array, v: jax.Array) -> jax.Array:
        return jnp.sum(attention(q, k, v, causal=True, segments=segmented(length), impl=impl) * weight)

    both = jax.jit(jax.value_and_grad(total, argnums=(1, 2, 3)), static_argnums=0)
    for want, have in zip(jax.tree.leaves(both("xla", q, k, v)), jax.tree.leaves(both("auto", q, k, v)), strict=True):
        np.testing.assert_allclose(have, want, rtol=1e-5, atol=2e-5)


def test_a_segment_is_as_if_the_others_were_not_there():
    length = 20
    q, k, v = (jax.random.normal(rng, (2, length, 2, 8)) for rng in jax.random.split(jax.random.key(1), 3))
    segments = segmented(length)
    together = attention(q, k, v, causal=True, segments=segments)
    for number in (1, 2, 3):
        seen = np.flatnonzero(np.isin(segments[0], (0, number)))
        alone = attention(q[:1, seen], k[:1, seen], v[:1, seen], causal=True)
        np.testing.assert_allclose(together[:1, seen], alone, rtol=1e-5, atol=1e-6)


def test_segments_where_they_cannot_be_kept():
    q = jnp.ones((1, 4, 2, 8))
    with pytest.raises(UserError, match="attention='splash' cannot keep turns independent; choose one of"):
        attention(q, q, q, causal=True, segments=jnp.zeros((1, 4), int), impl="splash")
    with pytest.raises(ValueError, match="need a causal mask"):
        attention(q, q, q, segments=jnp.zeros((1, 4), int))


def test_a_row_that_sees_nothing_is_finite():
    q, k, v = (jnp.ones((2, 6, 2, 8)) for _ in range(3))
    hidden = jnp.zeros((2, 6), bool)
    summed = jax.jit(jax.value_and_grad(lambda q: attention(q, k, v, kv_mask=hidden, impl="blockwise").sum()))
    out, grad = summed(q)
    assert np.isfinite(out)
    assert np.isfinite(grad).all()


def test_nothing_of_the_size_of_the_scores_is_kept():
    q, k, v = (jnp.ones((1, 512, 2, 8)) for _ in range(3))
    _, backward = jax.vjp(lambda q, k, v: attention(q, k, v, causal=True, impl="blockwise"), q, k, v)
    kept = [leaf.size for leaf in jax.tree.leaves(backward)]
    assert max(kept) <= 2 * q.size


def test_a_policy_saves_the_result_instead_of_computing_it_again():
    q, k, v = (jnp.ones((1, 512, 2, 8)) for _ in range(3))

    def loops(policy: str) -> int:
        layer = jax.checkpoint(lambda q: attention(q, k, v, impl="blockwise"), policy=REMAT_POLICIES[policy])
        _, backward = jax.vjp(layer, q)
        assert max(leaf.size for leaf in jax.tree.leaves(backward)) <= q.size
        return jax.jit(backward).lower(q).as_text().count("stablehlo.while")

    assert loops("dots") < loops("full")


def test_devices_share_the_heads():
    """A loop over a sharded axis would gather it."""
    mesh = jax.make_mesh((4,), ("x",), axis_types=(jax.sharding.AxisType.Auto,))
    q, k, v = (jax.random.normal(rng, (8, 300, 2, 8)) for rng in jax.random.split(jax.random.key(0), 3))

    def gradients(q: jax.Array, k: jax.Array, v: jax.Array) -> tuple[jax.Array, ...]:
        return jax.grad(lambda *args: jnp.sum(attention(*args, impl="blockwise") ** 2), argnums=(0, 1, 2))(q, k, v)

    expected = jax.jit(gradients)(q, k, v)
    with jax.set_mesh(mesh):
        sharded = jax.device_put((q, k, v), jax.NamedSharding(mesh, jax.P("x")))
        compiled = jax.jit(gradients).lower(*sharded).compile()
    assert "all-gather" not in compiled.as_text()
    for want, have in zip(expected, compiled(*sharded), strict=True):
        np.testing.assert_allclose(have, want, rtol=1e-5, atol=1e-5)


def test_keys_that_pad_a_block_change_no_gradient_of_low_scores():
    """A padded key's score is 0: beside scores of -100 its weight would be infinite."""
    rngs = jax.random.split(jax.random.key(0), 4)
    q, k, v, weight = (jax.random.normal(rng, (1, 257, 2, 16)) for rng in rngs)
    q, k = q.at[..., 0].set(20.0), k.at[..., 0].set(-20.0)

    def total(impl: str, q: jax.Array, k: jax.Array, v: jax.Array) -> jax.Array:
        return jnp.sum(attention(q, k, v, impl=impl) * weight)

    gradients = jax.jit(jax.grad(total, argnums=(1, 2, 3)), static_argnums=0)
    for want, have in zip(gradients("xla", q, k, v), gradients("blockwise", q, k, v), strict=True):
        assert np.isfinite(have).all()
        np.testing.assert_allclose(have, want, rtol=1e-3, atol=2e-4)  # scores of -100 have errors of 1e-5
