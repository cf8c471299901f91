"""What the teachers of pretraining do that no other encoder does."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from timesuite_jax.layers import unbox
from timesuite_jax.models.vision import InternVideo2Spec
from timesuite_jax.models.vision.feature_teacher import teacher_features
from timesuite_jax.models.vision.internvideo2 import InternVideo2Encoder
from timesuite_jax.models.vision.videomae import VideoMaeEncoder
from timesuite_jax.models.vision.videomae_spec import VideoMaeSpec


def mae(**fields):
    """A function from frames [1, 8, 28, 28, 3] to layers, and random parameters."""
    encoder = VideoMaeEncoder(dataclasses.replace(VideoMaeSpec.from_variant("debug"), **fields))
    frames = jax.random.normal(jax.random.key(1), (1, 8, 28, 28, 3))
    params = unbox(jax.jit(encoder.init)(jax.random.key(0), frames)["params"])
    return jax.jit(lambda params, frames: encoder.apply({"params": params}, frames)), params, frames


def test_the_last_norm_is_of_the_last_block_alone():
    apply, params, frames = mae(return_layers=(0, 1, 2))
    doubled = {**params, "norm": jax.tree.map(lambda leaf: 2 * leaf, params["norm"])}
    once, twice = apply(params, frames), apply(doubled, frames)
    np.testing.assert_array_equal(twice[:2], once[:2])
    np.testing.assert_array_equal(twice[2], 2 * once[2])  # doubling is exact
    apply, _, _ = mae(return_layers=(0, 1))
    np.testing.assert_array_equal(apply(doubled, frames), once[:2])


@pytest.mark.parametrize("layout", ["standard", "as_written"])
def test_attention_layouts(layout):
    """As written, the heads of a token attend to each other, and [heads, tokens] are merged as [tokens, heads]."""
    apply, params, frames = mae(depth=1, return_layers=(0,), attention_layout=layout)
    params["blocks"] = jax.tree.map(lambda leaf: leaf + 0.1, params["blocks"])  # biases that are 0 when fresh
    tokens, heads, changed = 16, 2, 5
    time, row, column = changed // 4, changed % 4 // 2, changed % 2
    patch = jnp.s_[:, 2 * time : 2 * time + 2, 14 * row : 14 * row + 14, 14 * column : 14 * column + 14]
    noise = jax.random.normal(jax.random.key(2), frames[patch].shape)
    difference = apply(params, frames.at[patch].add(noise)) - apply(params, frames)
    found = set(np.flatnonzero(np.abs(difference[0, 0]).max(axis=-1) > 1e-6).tolist())
    merged = {(head * tokens + changed) // heads for head in range(heads)}
    assert found == (set(range(tokens)) if layout == "standard" else {changed, *merged})


def test_an_image_teacher_encodes_each_frame():
    spec = dataclasses.replace(InternVideo2Spec.from_variant("debug"), num_frames=1, return_layers=(-2, -1))
    frames = jax.random.normal(jax.random.key(1), (2, 3, 28, 28, 3))
    encoder = InternVideo2Encoder(spec)
    params = unbox(jax.jit(encoder.init)(jax.random.key(0), frames[:, :1])["params"])
    found = jax.jit(lambda params, frames: teacher_features(spec, params, frames))(params, frames)
    encode = jax.jit(lambda params, frames: encoder.apply({"params": params}, frames))
    each = [encode(params, frames[:, number : number + 1])[1] for number in range(3)]
    layers = np.stack([aux["layers"] for aux in each])  # [F, L, n, N, D]
    close = {"rtol": 1e-5, "atol": 1e-5}  # float32, of values near 1
    np.testing.assert_allclose(found.layers[:, :, 0], layers[:, :, :, 0].mean(axis=0), **close)
    np.testing.assert_allclose(found.layers[:, :, 1:], np.concatenate(list(layers[:, :, :, 1:]), axis=2), **close)
    np.testing.assert_allclose(found.pooled, np.mean([aux["pooled"] for aux in each], axis=0), **close)
    attention = np.concatenate([aux["pool_attention"][:, 1:] for aux in each], axis=1)
    np.testing.assert_allclose(found.attention, attention, **close)
