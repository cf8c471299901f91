"""Rotary embeddings: a rotation by position, seen by attention as a difference of positions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from timesuite_jax.layers import apply_rope, rope_angles, token_positions


def test_each_pair_of_channels_turns_by_its_own_angle():
    positions = jnp.asarray([[0, 3]])
    x = jax.random.normal(jax.random.key(0), (1, 2, 1, 6))
    turned = np.asarray(apply_rope(x, *rope_angles(positions, 6, 100.0)))
    np.testing.assert_allclose(turned[:, 0], x[:, 0], rtol=1e-6)
    for i in range(3):
        pair = complex(x[0, 1, 0, i], x[0, 1, 0, i + 3]) * np.exp(3j * 100.0 ** (-i / 3))
        np.testing.assert_allclose([turned[0, 1, 0, i], turned[0, 1, 0, i + 3]], [pair.real, pair.imag], rtol=1e-5)


def test_scores_depend_on_the_distance_only():
    q, k = jax.random.normal(jax.random.key(0), (2, 1, 1, 1, 8))

    def score(s: int, c: int) -> float:
        turn = lambda x, p: apply_rope(x, *rope_angles(jnp.asarray([[p]]), 8, 1e4))  # noqa: E731
        return float(jnp.sum(turn(q, s) * turn(k, c)))

    assert score(9, 4) == pytest.approx(score(105, 100), rel=1e-4)
    assert score(9, 4) != pytest.approx(score(9, 5), rel=1e-2)


def test_half_precision_keeps_exact_angles():
    x = jnp.ones((1, 1, 1, 4), jnp.bfloat16)
    far = jnp.asarray([[30001]])  # not a number of bfloat16
    turned = apply_rope(x, *rope_angles(far, 4, 1e6))
    assert turned.dtype == jnp.bfloat16
    assert float(turned[0, 0, 0, 0]) == pytest.approx(np.cos(30001) - np.sin(30001), abs=1e-2)


def test_odd_width_is_named():
    with pytest.raises(ValueError, match="7"):
        rope_angles(jnp.zeros((1, 1), jnp.int32), 7, 1e4)


def test_segments_count_on_from_what_all_share():
    valid = jnp.asarray([[0, 1, 1, 1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1, 1, 0, 0]], bool)
    segments = jnp.asarray([[0, 0, 0, 1, 1, 2, 2, 2, 0], [0, 1, 1, 1, 2, 3, 3, 0, 0]])
    positions = np.asarray(token_positions(valid, segments))
    assert positions[0, 1:8].tolist() == [0, 1, 2, 3, 2, 3, 4]
    assert positions[1, :7].tolist() == [0, 1, 2, 3, 1, 1, 2]
    plain = np.asarray(token_positions(valid))
    assert plain[0].tolist() == [0, 0, 1, 2, 3, 4, 5, 6, 6]
    np.testing.assert_array_equal(plain, token_positions(valid, jnp.zeros_like(segments)))
