"""Mixup and CutMix: proportions, boxes, labels, empty rows, and the same clips on any mesh."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from timesuite_jax.internvideo2.action.mixing import MixingSpec, mix

ROWS, SIZE = 8, 12
NUMBERS = np.arange(1.0, ROWS + 1, dtype=np.float32)
FRAMES = np.broadcast_to(NUMBERS[:, None, None, None, None], (ROWS, 2, SIZE, SIZE, 3))
TARGETS = np.eye(ROWS, dtype=np.float32)
ALL = np.ones(ROWS, bool)
MIXUP, CUTMIX = MixingSpec(cutmix=0.0), MixingSpec(mixup=0.0)


@jax.jit
def shares(keys: jax.Array) -> jax.Array:
    """The proportion of the first clip in many batches of the default spec."""
    small = jnp.asarray(FRAMES[:, :1, :2, :2])
    return jax.vmap(lambda key: mix(MIXUP, small, jnp.asarray(TARGETS), jnp.asarray(ALL), key)[1][0, 0])(keys)


def mixed(spec: MixingSpec, seed: int, valid: np.ndarray = ALL) -> tuple[np.ndarray, np.ndarray]:
    inputs = (jnp.asarray(value) for value in (FRAMES, TARGETS, valid))
    frames, targets = jax.jit(mix, static_argnums=0)(spec, *inputs, jax.random.key(seed))
    return np.asarray(frames), np.asarray(targets)


def test_mixup_has_the_proportion_of_its_labels():
    frames, targets = mixed(MIXUP, 3)
    share = targets[0, 0]
    assert 0.0 < share < 1.0
    np.testing.assert_allclose(targets, share * TARGETS + (1 - share) * TARGETS[::-1], atol=1e-6)
    np.testing.assert_allclose(frames, share * FRAMES + (1 - share) * FRAMES[::-1], atol=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_cutmix_replaces_one_box_in_all_frames_and_weighs_labels_by_its_area(seed):
    frames, targets = mixed(CUTMIX, seed)
    foreign = frames[0, 0, :, :, 0] == FRAMES[-1, 0, 0, 0, 0]
    rows, columns = foreign.any(axis=1), foreign.any(axis=0)
    np.testing.assert_array_equal(foreign, rows[:, None] & columns[None])  # a rectangle
    assert all(np.count_nonzero(np.diff(side.astype(int))) <= 2 for side in (rows, columns))  # without gaps
    np.testing.assert_array_equal(frames, np.where(foreign[None, None, :, :, None], FRAMES[::-1], FRAMES))
    np.testing.assert_allclose(targets[0, 0], 1 - foreign.mean(), atol=1e-6)


def test_a_clip_is_not_mixed_with_an_empty_row():
    valid = ALL.copy()
    valid[1] = False
    frames, targets = mixed(MIXUP, 3, valid)
    np.testing.assert_array_equal(frames[[1, 6]], FRAMES[[1, 6]])
    np.testing.assert_array_equal(targets[[1, 6]], TARGETS[[1, 6]])
    assert (frames[[0, 7]] != FRAMES[[0, 7]]).all()


def test_proportions_follow_the_beta_distribution():
    """Mean 1/2 and variance 1 / (4 (2 a + 1)) for Beta(a, a); four standard errors of 4000 draws."""
    draws = np.asarray(shares(jax.random.split(jax.random.key(0), 4000)))
    variance = 1 / (4 * (2 * 0.8 + 1))
    assert abs(draws.mean() - 0.5) < 4 * np.sqrt(variance / 4000)
    # The fourth central moment of a distribution on [0, 1] is at most a quarter of its variance.
    assert abs(draws.var() - variance) < 4 * np.sqrt(variance / 4 / 4000)


def test_both_are_drawn_and_neither_with_probability_zero():
    kinds = set()
    for seed in range(12):
        frames, _ = mixed(MixingSpec(), seed)
        kinds.add(bool(np.isin(frames, FRAMES).all()))
    assert kinds == {True, False}
    frames, targets = mixed(dataclasses.replace(MixingSpec(), probability=0.0), 0)
    np.testing.assert_array_equal(frames, FRAMES)
    np.testing.assert_array_equal(targets, TARGETS)


def test_a_mesh_mixes_the_same_clips():
    mesh = Mesh(np.asarray(jax.devices()), ("data",))
    place = NamedSharding(mesh, PartitionSpec("data"))
    inputs = (jax.device_put(value, place) for value in (FRAMES, TARGETS, ALL))
    sharded = jax.jit(mix, static_argnums=0)(MixingSpec(), *inputs, jax.random.key(1))
    for one, other in zip(sharded, mixed(MixingSpec(), 1), strict=True):
        np.testing.assert_array_equal(one, other)
