"""Features and attention of both teachers, and the teachers' position table and resized frames, equal upstream's."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from einops import rearrange

from tests.support.golden_folder import GoldenFolder, assert_output
from tests.support.internvideo2 import channels_last, encoder_params, encoder_spec
from tests.support.reconstruction import mae_spec
from timesuite_jax.models.vision import VideoMaeEncoder, resize_frames, teacher_features
from timesuite_jax.models.vision.resized_sinusoids import resized_sinusoids
from timesuite_jax.objectives import unit_vectors
from timesuite_jax.port.table import Table
from timesuite_jax.port.tables import videomae


@pytest.mark.parametrize("activation", ["gelu", "gelu_tanh"])
def test_image_teacher(golden_case, activation):
    golden = golden_case("stage1")
    kwargs = golden.config["clip_teacher_kwargs"]
    layers = tuple(range(-kwargs["clip_return_layer"], 0))
    spec = encoder_spec(kwargs, activation=activation, return_layers=layers)
    params = encoder_params(golden.weights("clip_teacher"), spec)
    video = channels_last(golden.arrays["video_full"][:, :, ::2])
    found = jax.jit(lambda params, video: teacher_features(spec, params, video))(params, video)
    tag = {"gelu": "clip_teacher", "gelu_tanh": "clip_teacher_fused"}[activation]
    assert_output(unit_vectors(found.layers), golden.arrays[f"{tag}.z"], "layers")
    assert_output(unit_vectors(found.pooled), golden.arrays[f"{tag}.x"], "pooled")
    expected = golden.arrays[f"{tag}.attn"]
    assert_output(rearrange(found.attention, "n (F N) -> (n F) N", N=expected.shape[1]), expected, "attention")
    if activation == "gelu":  # of the recorded step
        assert_output(visible_part(found.layers, golden), golden.arrays["engine.targets_clip_middle_vis"], "targets")
        assert_output(unit_vectors(found.pooled), golden.arrays["engine.targets_clip_final_vis"], "final target")
        attention = golden.arrays["engine.attn"]
        assert_output(rearrange(found.attention, "n (F N) -> (n F) N", N=attention.shape[1]), attention, "attention")


def visible_part(layers, golden: GoldenFolder, first: int = 0) -> np.ndarray:
    """The features of the patches that the recorded step shows, from column `first` of its mask."""
    visible = ~golden.arrays["engine.mask"][:, first:].astype(bool)
    return np.stack([unit_vectors(layers[:, clip, shown]) for clip, shown in enumerate(visible)], axis=1)


@pytest.mark.parametrize(("layout", "name"), [("as_written", "as_written"), ("standard", "standard_attention")])
def test_mae_teacher(golden_case, layout, name):
    golden = golden_case("stage1")
    kwargs, state = golden.config["mae_teacher_kwargs"], golden.weights("mae_teacher")
    spec = mae_spec(kwargs, attention_layout=layout)
    table = Table("videomae", videomae.entries("", "", spec.depth, spec.patch_size, spec.tubelet, width="width"), [],
                  order=lambda name: name)  # fmt: skip
    params = table.to_tree(state)
    video = channels_last(golden.arrays["video_full"])
    layers = jax.jit(VideoMaeEncoder(spec).apply)({"params": params}, video)
    assert_output(unit_vectors(layers), golden.arrays[f"videomae_teacher.out_{name}"])
    if layout == "as_written":  # as in the recorded step
        assert_output(visible_part(layers, golden, first=1), golden.arrays["engine.targets_mae_vis"], "targets")
    table = golden.arrays["videomae_teacher.pos_embed"][0]
    size = (spec.num_frames // spec.tubelet, spec.image_size // spec.patch_size)
    np.testing.assert_allclose(resized_sinusoids(spec.width, size, size), table, atol=1e-6)


def test_position_tables(golden_case):
    arrays = golden_case("pos_embed").arrays
    plain = arrays["videomae_sinusoid.plain"][0]
    np.testing.assert_allclose(resized_sinusoids(plain.shape[1], (len(plain), 1), (len(plain), 1)), plain, atol=1e-6)
    tables = [name for name in arrays if name.startswith("videomae_sinusoid.p")]
    for name in tables:
        if match := re.fullmatch(r"videomae_sinusoid\.p(\d+)_T(\d+)_to_p(\d+)_T(\d+)", name):
            side, frames, new_side, new_frames = map(int, match.groups())
            expected = arrays[name][0]
            table = resized_sinusoids(expected.shape[1], (frames, side), (new_frames, new_side))
            np.testing.assert_allclose(table, expected, atol=1e-6, err_msg=name)
    assert len(tables) > 1


def test_resized_frames(golden_case):
    arrays = golden_case("interpolation").arrays
    frames = jnp.asarray(rearrange(arrays["bicubic_frames.input"], "n (F c) H W -> n F H W c", c=3))
    sizes = [name.removeprefix("bicubic_frames.") for name in arrays if re.fullmatch(r"bicubic_frames\.\d+", name)]
    assert sizes
    for size in sizes:
        resized = rearrange(resize_frames(frames, int(size)), "n F H W c -> n (F c) H W")
        assert_output(resized, arrays[f"bicubic_frames.{size}"], size)
