"""UMT: shapes, execution modes, and errors on invalid sizes."""

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from tests.support.tolerances import BFLOAT16, relative_error
from timesuite_jax.errors import UserError
from timesuite_jax.models.vision import UmtEncoder, UmtSpec, position_table

DEBUG = UmtSpec.from_variant("debug")


def frames(spec: UmtSpec, clips: int = 2, count: int | None = None) -> jax.Array:
    size = spec.image_size
    return jax.random.normal(jax.random.key(0), (clips, count or spec.num_frames, size, size, 3))


@functools.cache
def initial(spec: UmtSpec) -> dict[str, Any]:
    return nn.meta.unbox(jax.jit(UmtEncoder(spec).init)(jax.random.key(1), frames(spec)))


@functools.partial(jax.jit, static_argnums=0)
def run(spec: UmtSpec, params: dict, frames: jax.Array) -> tuple[jax.Array, dict]:
    return UmtEncoder(spec).apply(params, frames)


@functools.partial(jax.jit, static_argnums=1)
@jax.value_and_grad
def loss_and_gradient(params: dict, spec: UmtSpec) -> jax.Array:
    return jnp.sum(jnp.square(UmtEncoder(spec).apply(params, frames(spec))[0]))


def test_released_sizes():
    spec = UmtSpec.from_variant("large")
    inputs = jax.ShapeDtypeStruct((1, 8, 224, 224, 3), jnp.float32)
    params = jax.eval_shape(lambda: nn.meta.unbox(UmtEncoder(spec).init(jax.random.key(0), jnp.zeros(inputs.shape))))
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == 290_477_056  # counted on upstream's model
    assert params["params"]["blocks"]["attn"]["qkv"]["kernel"].shape == (23, 1024, 3072)
    tokens, aux = jax.eval_shape(UmtEncoder(spec).apply, params, inputs)
    assert tokens.shape == (1, spec.tokens(8), spec.width) == (1, 1568, 1024) and not aux
    assert 16 * spec.flops == pytest.approx(18e12, rel=0.15)  # of the 16 clips of a video


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_clips_of_any_length_and_images(count: int):
    spec = dataclasses.replace(DEBUG, num_frames=count)
    out, _ = run(spec, initial(spec), frames(spec))
    assert out.shape == (2, spec.tokens(count), spec.width)
    table = position_table(spec, count)
    assert table.shape == out.shape[1:] and table.dtype == np.float32
    assert len(np.unique(table.round(4), axis=0)) == len(table), "every token has a distinct position"
    images, _ = run(spec, initial(spec), frames(spec, 3, 1))
    assert images.shape == (3, spec.tokens(1), spec.width)


def test_default_position_table_is_upstreams():
    native = UmtSpec(image_size=224, width=64)
    shrunk = dataclasses.replace(native, image_size=112)
    for spec, table in ((native, "native"), (shrunk, "resized")):
        np.testing.assert_array_equal(
            position_table(spec, 8), position_table(dataclasses.replace(spec, position_table=table), 8)
        )
    assert not np.allclose(
        position_table(shrunk, 8), position_table(dataclasses.replace(shrunk, position_table="native"), 8)
    )


@pytest.mark.parametrize("change", [{"unroll": True}, {"remat": "full"}, {"remat": "dots", "unroll": True}])
def test_execution_modes_agree(change: dict):
    changed = dataclasses.replace(DEBUG, **change)
    expected, actual = (loss_and_gradient(initial(DEBUG), spec) for spec in (DEBUG, changed))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4), actual, expected)


def test_hidden_tokens_do_not_influence_visible_ones():
    last = (jnp.arange(DEBUG.num_frames) == DEBUG.num_frames - 1)[None, :, None, None, None]
    mask = jnp.broadcast_to(jnp.arange(DEBUG.tokens(8)) < DEBUG.tokens(7), (2, DEBUG.tokens(8)))
    encode = jax.jit(lambda frames: UmtEncoder(DEBUG).apply(initial(DEBUG), frames, mask=mask)[0])
    one, other = encode(frames(DEBUG)), encode(jnp.where(last, 5.0, frames(DEBUG)))
    np.testing.assert_array_equal(one[:, : DEBUG.tokens(7)], other[:, : DEBUG.tokens(7)])
    assert not np.allclose(one[:, -1], other[:, -1])


def test_layers_are_returned_on_request():
    spec = dataclasses.replace(DEBUG, return_layers=True)
    tokens, aux = run(spec, initial(DEBUG), frames(spec))
    assert aux["layers"].shape == (spec.blocks, *tokens.shape)
    np.testing.assert_array_equal(aux["layers"][-1], tokens)


def test_pixels_become_standard_units():
    pixels = np.asarray([[[[0, 128, 255]]]], np.uint8)
    expected = (pixels / 255.0 - np.asarray(DEBUG.pixel_mean)) / np.asarray(DEBUG.pixel_std)
    np.testing.assert_allclose(DEBUG.normalise(jnp.asarray(pixels)), expected, atol=1e-6)


def test_half_precision_is_close():
    specs = dataclasses.replace(DEBUG, dtype="bfloat16"), DEBUG
    (half, _), (full, _) = (run(spec, initial(DEBUG), frames(DEBUG)) for spec in specs)
    assert half.dtype == jnp.bfloat16
    # Patches, positions, and 12 results a block are rounded: norms, projections, weights, sums, activations.
    assert relative_error(half.astype(jnp.float32), full) <= (2 + 12 * DEBUG.blocks) * BFLOAT16


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_size": 33}, "vision.image_size=33"),
        ({"heads": 3}, "vision.heads=3"),
        ({"depth": 1}, "vision.depth=1"),
        ({"pixel_std": (1.0, 0.0, 1.0)}, "vision.pixel_std"),
    ],
)
def test_invalid_sizes(change: dict, message: str):
    with pytest.raises(UserError, match=message):
        dataclasses.replace(DEBUG, **change)


def test_invalid_frames_and_variants():
    with pytest.raises(UserError, match=r"3 frames of 32x32 pixels.*vision\.num_frames=8"):
        UmtEncoder(DEBUG).init(jax.random.key(0), frames(DEBUG, 1, 3))
    with pytest.raises(UserError, match="'huge' is unknown"):
        UmtSpec.from_variant("huge")
