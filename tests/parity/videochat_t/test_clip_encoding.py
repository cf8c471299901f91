"""Frames to visual tokens: Q-Former, token shuffle, TAPE, the variant without it, and images equal upstream's."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
from einops import rearrange, reduce, repeat

from tests.support.golden_model import GoldenModel
from tests.support.tolerances import assert_close
from timesuite_jax.videochat_t.model.spec import VideoChatTSpec
from timesuite_jax.videochat_t.model.tape import Tape
from timesuite_jax.videochat_t.model.token_shuffle import mean_pooling_kernel, token_shuffle
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT
from timesuite_jax.videochat_t.port import table as port_table

# Upstream's stages with stored outputs [B, D, N], and the modules of ours.
STAGES = {"DwConv1": "down1", "DwConv2": "down2", "fc": "bottleneck", "UpConv1": "up1", "UpConv0": "up0"}
UPSAMPLED = {"fc": "call0", "UpConv1": "call1"}


def encode(golden: GoldenModel, spec: VideoChatTSpec, params: dict, case: str) -> tuple[np.ndarray, dict]:
    """Encodes the videos of a batch; adds the Q-Former's output to the auxiliary outputs."""
    batch = golden.batch(case)
    options = {"method": "encode_video", "capture_intermediates": lambda module, _: module.name == "qformer"}
    applied = jax.jit(lambda *args: VideoChatT(spec).apply({"params": params}, *args, **options))
    (visual, aux), captured = applied(*(jnp.asarray(batch[name]) for name in ("frames", "clip_text", "clip_text_mask")))
    return visual, {**aux, "qformer": captured["intermediates"]["qformer"]["__call__"][0][0]}


def test_videos(golden: GoldenModel):
    stored = golden.arrays("encode.npz")
    visual, aux = encode(golden, golden.spec, golden.params, "main")
    assert_close(aux["qformer"], stored["clip_proj_in"], "encode", "clip_proj_in")
    assert_close(aux["query_tokens"], stored["tape_in"], "encode", "query_tokens")
    assert_close(visual, stored["encode_long_video"], "encode", "encode_long_video")
    visual, _ = encode(golden, golden.spec, golden.params, "notime")
    assert_close(visual, stored["encode_long_video_notime"], "encode", "notime")


def test_without_time_adapter(golden: GoldenModel):
    table = port_table.build(dataclasses.replace(golden.sizes, time_adapter=False))
    assert set(golden.table.entries) - set(table.entries) == set(golden.config["linearp_missing_keys"])
    spec = dataclasses.replace(golden.spec, tape=False)
    visual, _ = encode(golden, spec, golden.tree(table), "linearp")
    assert_close(visual, golden.arrays("encode.npz")["encode_long_video_LinearP"], "encode")


def test_token_shuffle_and_projection(golden: GoldenModel):
    stored, merge_len = golden.arrays("encode.npz"), golden.spec.merge_len
    shuffled = token_shuffle(jnp.asarray(stored["tape_in"]), merge_len)
    np.testing.assert_array_equal(shuffled, stored["merge_proj_in"])
    projected = (
        jnp.asarray(shuffled) @ golden.params["merge_proj"]["kernel"] + golden.params["merge_proj"]["bias"][None, None]
    )
    assert_close(projected, stored["merge_proj_out"], "encode")
    mean = shuffled @ mean_pooling_kernel(jnp.eye(stored["tape_in"].shape[-1]), merge_len)
    assert_close(mean, stored["shuffle_mean4"], "encode")


def test_every_stage_of_tape(golden: GoldenModel):
    stored, spec = golden.arrays("encode.npz"), golden.spec
    tape = Tape(spec.clips, spec.merge_len, spec.mistral.width)
    apply = jax.jit(functools.partial(tape.apply, capture_intermediates=True))
    out, captured = apply({"params": golden.params["temp_adap"]}, jnp.asarray(stored["tape_in"]))
    intermediates = captured["intermediates"]
    assert_close(intermediates["linear_input"]["__call__"][0], stored["tape_linear_input"], "encode", "linear_input")
    pooled = reduce(stored["tape_linear_input"], "B (N r) D -> B D N", "mean", r=spec.merge_len)
    assert_close(pooled, stored["tape_AvgPool"], "encode", "AvgPool")
    for theirs, ours in STAGES.items():
        stage = rearrange(np.asarray(intermediates[ours]["__call__"][0]), "B N D -> B D N")
        assert_close(stage, stored[f"tape_{theirs}"], "encode", theirs)
        if theirs in UPSAMPLED:
            upsampled = repeat(stage, "B D N -> B D (N r)", r=spec.merge_len)
            assert_close(upsampled, stored[f"tape_upsample_{UPSAMPLED[theirs]}"], "encode", UPSAMPLED[theirs])
    assert_close(out, stored["tape_linear_output"], "encode", "linear_output")


def test_images(golden: GoldenModel):
    stored = golden.arrays("encode.npz")
    batch = golden.batch("image")
    images = jnp.asarray(batch["frames"][:, 0, 0])
    text, mask = (jnp.asarray(batch[name][:, 0]) for name in ("clip_text", "clip_text_mask"))
    model = VideoChatT(golden.spec)
    encode_image = jax.jit(functools.partial(model.apply, method="encode_image"))
    visual, aux = encode_image({"params": golden.params}, images, text, mask)
    assert_close(aux["query_tokens"], stored["image_encode_img"], "encode", "image_encode_img")
    assert_close(visual, stored["image_llm_tokens"], "encode", "image_llm_tokens")


def test_clips_without_text(golden: GoldenModel):
    expected = golden.arrays("encode.npz")["encode_img_text_input_false"]
    table = port_table.build(dataclasses.replace(golden.sizes, text_input=False))
    spec = dataclasses.replace(
        golden.spec, tape=False, qformer=dataclasses.replace(golden.spec.qformer, text_input=False)
    )
    model = VideoChatT(spec)
    frames = jnp.asarray(golden.frames("video_u8")[:1, :1])
    encode_video = jax.jit(functools.partial(model.apply, method="encode_video"))
    _, aux = encode_video({"params": golden.tree(table)}, frames, None, None)
    assert_close(aux["query_tokens"], expected, "encode")
