"""The loss of hidden words equals the dense one in value and gradient, on one device and on eight."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from timesuite_jax import parallel
from timesuite_jax.objectives import draw_words, hide_words, masked_word_loss
from timesuite_jax.parallel import MeshSpec

B, P, D, V = 8, 6, 10, 32


def inputs() -> tuple[jax.Array, jax.Array, jax.Array]:
    keys = jax.random.split(jax.random.key(0), 3)
    shapes = ((B, P, D), (V, D), (V,))
    return tuple(jax.random.normal(key, shape) for key, shape in zip(keys, shapes, strict=True))


TARGETS = jax.random.randint(jax.random.key(1), (B, P), 0, V)
HIDDEN = jax.random.bernoulli(jax.random.key(2), 0.4, (B, P))


def dense(rows: jax.Array, words: jax.Array, bias: jax.Array) -> jax.Array:
    log_shares = jax.nn.log_softmax(rows @ words.T + bias[None, None])
    chosen = jnp.take_along_axis(log_shares, TARGETS[..., None], axis=-1)[..., 0]
    return -jnp.sum(jnp.where(HIDDEN, chosen, 0.0))


@pytest.mark.parametrize("mesh", [None, MeshSpec(data=2, fsdp=2, tensor=2)])
def test_equals_the_dense_loss(mesh):
    def chunked(*args):
        return masked_word_loss(*args, TARGETS, HIDDEN, chunk=2)[0]

    expected = jax.jit(jax.value_and_grad(dense, argnums=(0, 1, 2)))(*inputs())
    if mesh is None:
        found = jax.jit(jax.value_and_grad(chunked, argnums=(0, 1, 2)))(*inputs())
    else:
        made = parallel.make_mesh(mesh)
        with parallel.mesh_context(made, parallel.make_rules({}, made)):
            found = jax.jit(jax.value_and_grad(chunked, argnums=(0, 1, 2)))(*inputs())
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5), found, expected)


def test_counts():
    rows, words, bias = inputs()
    _, count, correct = masked_word_loss(rows, words, bias, TARGETS, HIDDEN, chunk=4)
    best = np.argmax(np.asarray(rows @ words.T + bias[None, None]), axis=-1)
    assert float(count) == np.sum(np.asarray(HIDDEN))
    assert float(correct) == np.sum((best == np.asarray(TARGETS)) & np.asarray(HIDDEN))


def test_shares_of_what_hidden_words_become():
    shape, mask_id = (400, 50), V
    text = jnp.broadcast_to(jnp.arange(50)[None] % V, shape)
    maskable = jnp.arange(50)[None] > 0
    draws = draw_words(jax.random.key(0), shape, 0.5, V)
    found, hidden = hide_words(text, jnp.broadcast_to(maskable, shape), draws, mask_id)
    assert not hidden[:, 0].any()
    np.testing.assert_array_equal(np.asarray(found)[~np.asarray(hidden)], np.asarray(text)[~np.asarray(hidden)])
    number = int(hidden.sum())
    changed, masked = np.asarray(found != text), np.asarray(found == mask_id)
    # Five standard deviations of binomial shares; one random word in V is the word itself.
    for share, expected in (
        (number / (400 * 49), 0.5),
        (masked.sum() / number, 0.8),
        ((changed & ~masked).sum() / number, 0.1 * (V - 1) / V),
    ):
        assert abs(share - expected) < 5 * np.sqrt(expected * (1 - expected) / (number if expected != 0.5 else 19600))
