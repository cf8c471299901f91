"""Position tables, patches and blocks of the vision encoder equal upstream's, for clips and images."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from einops import rearrange

from tests.support.golden_model import GoldenModel
from tests.support.tolerances import assert_close
from timesuite_jax.layers import LayerNorm
from timesuite_jax.models.vision import UmtEncoder, UmtSpec, position_table

TABLES = {"table1": "native", "table2": "resized"}  # upstream's two routines


def other_table(spec: UmtSpec) -> UmtSpec:
    native = np.array_equal(
        position_table(spec, 1), position_table(dataclasses.replace(spec, position_table="native"), 1)
    )
    return dataclasses.replace(spec, position_table="resized" if native else "native")


def clips(golden: GoldenModel, name: str, count: int | None = None) -> np.ndarray:
    frames = golden.frames(name)
    return np.asarray(golden.spec.vision.normalise(jnp.asarray(frames if count is None else frames[0, :count])))


def run_encoder(golden: GoldenModel, spec: UmtSpec, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the tokens before and after `vision_layernorm`."""
    tokens, _ = jax.jit(UmtEncoder(spec).apply)({"params": golden.params["vision_encoder"]}, jnp.asarray(frames))
    return tokens, LayerNorm(1e-12).apply({"params": golden.params["vision_layernorm"]}, tokens)


def test_position_tables(golden: GoldenModel):
    stored, spec = golden.arrays("vision.npz"), golden.spec.vision
    assert_close(position_table(spec, spec.num_frames)[None], stored["pos_embed"], "vision")
    assert_close(position_table(spec, 1)[None], stored["img_pos_embed"], "vision")
    for name, table in TABLES.items():
        chosen = dataclasses.replace(spec, position_table=table)
        stretched = f"{name}_interp_T{spec.ckpt_num_frame}to{spec.num_frames}"
        assert_close(position_table(chosen, spec.num_frames)[None], stored[stretched], "vision", stretched)
        assert_close(position_table(chosen, 1)[None], stored[f"{name}_img"], "vision", name)


def test_position_table_of_released_size(goldens):
    if not (goldens / "videochat_t").is_dir():
        pytest.skip(f"no golden family at {goldens / 'videochat_t'}")
    files = sorted((goldens / "videochat_t").glob("sinusoid_*.npz"))
    assert files, "the family has no sinusoid_*.npz"
    for file in files:
        stored = np.load(file)
        size, width = (int(part.lstrip("d")) for part in file.stem.split("_")[1:])
        spec = UmtSpec(image_size=size, width=width)
        table = position_table(spec, spec.num_frames)
        assert_close(table[stored["rows"]], stored["interp_T4to8"], "vision")
        assert_close(position_table(spec, 1)[stored["img_rows"]], stored["img"], "vision")
        np.testing.assert_allclose(table.sum(dtype=np.float64), stored["interp_sum_f64"], rtol=1e-7)
        np.testing.assert_allclose(np.abs(table).sum(dtype=np.float64), stored["interp_abs_sum_f64"], rtol=1e-7)


def test_clips(golden: GoldenModel):
    stored, spec = golden.arrays("vision.npz"), golden.spec.vision
    expected = rearrange(stored["video_pre_ln"], "n F N D -> n (F N) D")
    frames = clips(golden, "video_u8", len(expected))
    before, after = run_encoder(golden, spec, frames)
    assert_close(before, expected, "vision", "video_pre_ln")
    assert_close(after, stored["video_post_ln"], "vision", "video_post_ln")
    assert_close(run_encoder(golden, other_table(spec), frames)[1], stored["video_post_ln_altpos"], "vision", "altpos")


def test_images(golden: GoldenModel):
    stored, spec = golden.arrays("vision.npz"), golden.spec.vision
    frames = clips(golden, "image_u8")[:, 0]
    before, after = run_encoder(golden, spec, frames)
    assert_close(before, stored["image_pre_ln"][:, 0], "vision", "image_pre_ln")
    assert_close(after, stored["image_post_ln"], "vision", "image_post_ln")
    assert_close(run_encoder(golden, other_table(spec), frames)[1], stored["image_post_ln_altpos"], "vision", "altpos")


def test_patches_and_blocks(golden: GoldenModel):
    stored, spec, params = golden.arrays("vision.npz"), golden.spec.vision, golden.params["vision_encoder"]
    frames = jnp.asarray(clips(golden, "video_u8", 1))
    _, captured = UmtEncoder(spec).apply(
        {"params": params}, frames, capture_intermediates=lambda module, _: module.name == "patch_embed"
    )
    assert_close(captured["intermediates"]["patch_embed"]["__call__"][0], stored["patch_embed_clip0"], "vision")
    encoder = UmtEncoder(dataclasses.replace(spec, return_layers=True))
    _, aux = jax.jit(encoder.apply)({"params": params}, frames)
    assert len(aux["layers"]) == spec.blocks
    for block, out in enumerate(aux["layers"]):
        assert_close(out, stored[f"block{block}_clip0"], "vision", f"block {block}")
