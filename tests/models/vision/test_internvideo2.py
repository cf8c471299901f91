"""The InternVideo2 encoder: masked input, images, scanned and unrolled blocks, released sizes, invalid input."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.layers import unbox
from timesuite_jax.models.vision import InternVideo2Encoder, InternVideo2Spec
from timesuite_jax.models.vision.internvideo2_init import rescale_blocks

SPEC = InternVideo2Spec.from_variant("debug", layer_scale=0.5, return_layers=(0, -1))
CLIPS = 2


@pytest.fixture(scope="module")
def frames():
    size = (CLIPS, SPEC.num_frames, SPEC.image_size, SPEC.image_size, 3)
    return jax.random.normal(jax.random.key(0), size)


@pytest.fixture(scope="module")
def params(frames):
    return init(SPEC, frames)


def init(spec, frames):
    return unbox(jax.jit(InternVideo2Encoder(spec).init)(jax.random.key(1), frames)["params"])


def run(spec, params, frames, **arguments):
    return jax.jit(lambda params, frames: InternVideo2Encoder(spec).apply({"params": params}, frames, **arguments))(
        params, frames
    )


def test_scanned_equals_unrolled_and_remat(params, frames):
    def value_and_gradient(spec):
        def loss(params):
            tokens, aux = InternVideo2Encoder(spec).apply({"params": params}, frames)
            return jnp.sum(jnp.square(aux["layers"])) + jnp.sum(tokens) + jnp.sum(aux["pooled"])

        return jax.jit(jax.value_and_grad(loss))(params)

    expected, gradient = value_and_gradient(SPEC)
    for changes in ({"unroll": True}, {"remat": "full"}):
        value, other = value_and_gradient(dataclasses.replace(SPEC, **changes))
        np.testing.assert_allclose(value, expected, rtol=1e-6)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4), gradient, other)


def test_layers_are_those_that_are_named(params, frames):
    tokens, aux = run(SPEC, params, frames)
    assert aux["layers"].shape == (2, CLIPS, SPEC.tokens(SPEC.num_frames), SPEC.width)
    np.testing.assert_array_equal(aux["layers"][1], tokens)
    first = jax.tree.map(lambda leaf: leaf[:1], params["blocks"])
    shallow = dataclasses.replace(SPEC, depth=1, return_layers=())
    np.testing.assert_allclose(run(shallow, {**params, "blocks": first}, frames)[0], aux["layers"][0], atol=1e-6)


def test_a_mask_of_all_patches_changes_nothing(params, frames):
    count = SPEC.patches(SPEC.num_frames)
    mask = jnp.ones((CLIPS, count), bool)
    tokens, aux = run(SPEC, params, frames, mask=mask, visible=count)
    whole, expected = run(SPEC, params, frames)
    np.testing.assert_allclose(tokens, whole, atol=1e-6)
    np.testing.assert_allclose(aux["pooled"], expected["pooled"], atol=1e-6)


def test_hidden_patches_have_no_effect(params, frames):
    """Pixels of hidden patches change nothing; those of visible ones do."""
    mask = np.zeros((CLIPS, SPEC.num_frames, SPEC.grid, SPEC.grid), bool)
    mask[:, 1] = True
    shown = {"mask": jnp.asarray(mask.reshape(CLIPS, -1)), "visible": SPEC.grid**2}
    before = run(SPEC, params, frames, **shown)[0]
    assert before.shape[1] == 1 + SPEC.grid**2
    np.testing.assert_array_equal(run(SPEC, params, frames.at[:, 0].set(7.0), **shown)[0], before)
    assert np.abs(run(SPEC, params, frames.at[:, 1].set(7.0), **shown)[0] - before).max() > 1e-3


@pytest.mark.parametrize("image_positions", ["mean", "own"])
def test_images(frames, image_positions):
    spec = dataclasses.replace(SPEC, image_positions=image_positions)
    params = init(spec, frames)
    table = params["positions"]["table"]
    patches = table[0, 1:].reshape(spec.num_frames, -1, spec.width)
    positions = jnp.concatenate([table[0, :1], patches.mean(0)])
    if image_positions == "own":
        positions = jnp.flip(params["positions"]["image"][0], axis=0)
        params["positions"]["image"] = positions[None]
    single = dataclasses.replace(spec, num_frames=1, image_positions="mean")
    alone = {**params, "positions": {"table": positions[None]}}
    image = frames[:, :1]
    np.testing.assert_allclose(run(spec, params, image)[0], run(single, alone, image)[0], atol=1e-6)
    if image_positions == "own":  # in a model of images, too
        both = {**params, "positions": {**alone["positions"], "image": jnp.zeros_like(positions)[None]}}
        single = dataclasses.replace(single, image_positions="own")
        without = {**alone, "positions": {"table": jnp.zeros_like(positions)[None]}}
        np.testing.assert_array_equal(
            run(single, both, image)[0], run(dataclasses.replace(single, image_positions="mean"), without, image)[0]
        )


def test_drop_path_skips_branches_only_in_training(params, frames):
    spec = dataclasses.replace(SPEC, drop_path=0.9)
    model = InternVideo2Encoder(spec)

    @jax.jit
    def apply(seed):
        rngs = {"drop_path": jax.random.key(seed)}
        return model.apply({"params": params}, frames, deterministic=False, rngs=rngs)[0]

    np.testing.assert_allclose(run(spec, params, frames)[0], run(SPEC, params, frames)[0], atol=1e-6)
    assert any(np.abs(apply(seed) - apply(0)).max() > 1e-3 for seed in range(1, 5))


def test_half_precision_stays_close(params, frames):
    spec = dataclasses.replace(SPEC, dtype="bfloat16")
    tokens = run(spec, params, frames)[0]
    assert tokens.dtype == jnp.bfloat16
    expected = run(SPEC, params, frames)[0]
    error = np.linalg.norm(tokens.astype(jnp.float32) - expected) / np.linalg.norm(expected)
    # Each block rounds the stream twice to 8 bits, and each branch about as often.
    assert error < 4 * SPEC.depth * 2**-8


def test_initial_kernels_shrink_with_depth(params):
    scaled = rescale_blocks(params["blocks"])
    for number in range(SPEC.depth):
        ratio = scaled["mlp"]["fc2"]["kernel"][number] / params["blocks"]["mlp"]["fc2"]["kernel"][number]
        np.testing.assert_allclose(ratio, (2 * (number + 1)) ** -0.5, rtol=1e-5)
    np.testing.assert_array_equal(scaled["mlp"]["fc1"]["kernel"], params["blocks"]["mlp"]["fc1"]["kernel"])


@pytest.mark.parametrize(
    ("variant", "millions"), [("small", 23.0), ("base", 89.4), ("large", 308.9), ("1b", 1020.7), ("6b", 5941.7)]
)
def test_released_sizes_have_the_published_number_of_parameters(variant, millions):
    spec = InternVideo2Spec.from_variant(variant)
    frames = jax.ShapeDtypeStruct((1, spec.num_frames, spec.image_size, spec.image_size, 3), jnp.float32)
    shapes = unbox(jax.eval_shape(InternVideo2Encoder(spec).init, jax.random.key(0), frames)["params"])
    count = sum(leaf.size for leaf in jax.tree.leaves(shapes))
    assert count / 1e6 == pytest.approx(millions, abs=0.06)


def test_flops_of_a_masked_clip(params, frames):
    """The formula equals the compiler's count of matrix products within the elementwise arithmetic."""
    spec = dataclasses.replace(SPEC, unroll=True, width=128, mlp_hidden=512, pool_width=64, return_layers=())
    wide = init(spec, frames)

    def encode(params, frames):
        return InternVideo2Encoder(spec).apply({"params": params}, frames)

    compiled = jax.jit(encode).lower(wide, frames).compile()
    assert CLIPS * spec.flops == pytest.approx(compiled.cost_analysis()["flops"], rel=0.1)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"heads": 3}, "vision.heads=3"),
        ({"pool_heads": 5}, "vision.pool_heads=5"),
        ({"image_size": 30}, "vision.patch_size=14"),
        ({"width": 24, "heads": 2, "pool_heads": 2}, "multiple of 16"),
        ({"return_layers": (-1, 0)}, "vision.return_layers"),
        ({"return_layers": (3,)}, "vision.return_layers"),
    ],
)
def test_invalid_sizes(fields, words):
    with pytest.raises(UserError, match=words):
        InternVideo2Spec.from_variant("debug", **fields)


def test_other_frames_than_the_config_has(params, frames):
    with pytest.raises(UserError, match="clips of 3 frames"):
        run(SPEC, params, frames[:, :3])
