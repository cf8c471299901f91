"""The tower's shapes, its ways to run, and what it says to wrong sizes."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from timesuite_jax.errors import UserError
from timesuite_jax.models.vision import UmtSpec, UmtTower, position_table

DEBUG = UmtSpec.from_variant("debug")


def frames(spec: UmtSpec, clips: int = 2, count: int | None = None) -> jax.Array:
    size = spec.image_size
    return jax.random.normal(jax.random.key(0), (clips, count or spec.num_frames, size, size, 3))


def test_released_sizes_by_shape_alone():
    spec = UmtSpec.from_variant("large")
    inputs = jax.ShapeDtypeStruct((1, 8, 224, 224, 3), jnp.float32)
    params = jax.eval_shape(lambda: nn.meta.unbox(UmtTower(spec).init(jax.random.key(0), jnp.zeros(inputs.shape))))
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == 290_477_056  # counted on upstream's model
    assert params["params"]["blocks"]["attn"]["qkv"]["kernel"].shape == (23, 1024, 3072)
    assert jax.eval_shape(UmtTower(spec).apply, params, inputs).shape == (1, 1568, 1024)


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_clips_of_any_length_and_images(count: int):
    spec = dataclasses.replace(DEBUG, num_frames=count)
    params = jax.jit(UmtTower(spec).init)(jax.random.key(1), frames(spec))
    out = jax.jit(UmtTower(spec).apply)(nn.meta.unbox(params), frames(spec))
    assert out.shape == (2, spec.tokens(count), spec.width)
    table = position_table(spec, count)
    assert table.shape == out.shape[1:] and table.dtype == np.float32
    assert len(np.unique(table.round(4), axis=0)) == len(table), "every token has its own position"
    assert jax.jit(UmtTower(spec).apply)(nn.meta.unbox(params), frames(spec, 3, 1)).shape[1] == spec.tokens(1)


def test_position_table_follows_upstream_s_rule():
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
def test_ways_to_run_agree(change: dict):
    params = nn.meta.unbox(jax.jit(UmtTower(DEBUG).init)(jax.random.key(1), frames(DEBUG)))

    def loss(params: dict, spec: UmtSpec) -> jax.Array:
        return jnp.sum(jnp.square(UmtTower(spec).apply(params, frames(spec))))

    run = jax.jit(jax.value_and_grad(loss), static_argnums=1)
    expected, actual = run(params, DEBUG), run(params, dataclasses.replace(DEBUG, **change))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4), actual, expected)


def test_half_precision_stays_near():
    params = nn.meta.unbox(jax.jit(UmtTower(DEBUG).init)(jax.random.key(1), frames(DEBUG)))
    half = jax.jit(UmtTower(dataclasses.replace(DEBUG, dtype="bfloat16")).apply)(params, frames(DEBUG))
    full = jax.jit(UmtTower(DEBUG).apply)(params, frames(DEBUG))
    assert half.dtype == jnp.bfloat16
    np.testing.assert_allclose(half.astype(jnp.float32), full, atol=0.05 * float(jnp.abs(full).max()))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"image_size": 33}, "vision.image_size=33"),
        ({"heads": 3}, "vision.heads=3"),
        ({"depth": 1}, "vision.depth=1"),
        ({"position_table": "learned"}, "vision.position_table='learned'"),
    ],
)
def test_wrong_sizes_are_named(change: dict, told: str):
    with pytest.raises(UserError, match=told):
        dataclasses.replace(DEBUG, **change)


def test_wrong_frames_are_named():
    with pytest.raises(UserError, match=r"3 frames of 32x32 pixels.*vision\.num_frames=8"):
        UmtTower(DEBUG).init(jax.random.key(0), frames(DEBUG, 1, 3))
    with pytest.raises(UserError, match="'huge' is unknown"):
        UmtSpec.from_variant("huge")
