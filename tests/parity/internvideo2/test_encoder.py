"""Patches, blocks, pooling and both activations of the encoder equal upstream's, masked and not."""

import dataclasses
import re

import jax
import numpy as np
import pytest
from einops import rearrange

from tests.support.golden_folder import assert_output
from tests.support.internvideo2 import channels_last, encoder_params, encoder_spec
from timesuite_jax.models.vision import InternVideo2Encoder, InternVideo2Spec
from timesuite_jax.objectives import unit_vectors


def run(spec: InternVideo2Spec, params: dict, video: np.ndarray, mask: np.ndarray | None):
    """Runs the encoder on upstream's video and mask, whose first column is the class token and True is hidden."""
    shown = None if mask is None else ~mask[:, 1:]
    count = None if mask is None else int((~mask[0, 1:]).sum())

    @jax.jit
    def apply(params, video, shown):
        return InternVideo2Encoder(spec).apply({"params": params}, video, mask=shown, visible=count)

    return apply(params, channels_last(video), shown)


@pytest.mark.parametrize("unroll", [False, True])
def test_blocks_and_pooling_of_a_masked_clip(golden_case, unroll):
    golden = golden_case("stage1")
    spec = encoder_spec(golden.config["model_kwargs"], unroll=unroll)
    spec = dataclasses.replace(spec, return_layers=tuple(range(spec.depth)))
    params = encoder_params(golden.weights("weights"), spec)
    tokens, aux = run(spec, params, golden.arrays["video"], golden.arrays["mask"].astype(bool))
    for number, layer in enumerate(aux["layers"]):
        assert_output(layer, golden.arrays[f"plain.block_out.{number}"], f"block {number}")
    assert_output(tokens, golden.arrays[f"plain.block_out.{spec.depth - 1}"], "tokens")
    assert_output(aux["pooled"], golden.arrays["plain.pooled"], "pooled")


def test_separate_positions(golden_case):
    golden = golden_case("stage1")
    spec = encoder_spec({**golden.config["model_kwargs"], "sep_pos_embed": True})
    params = encoder_params(golden.weights("weights_sep"), spec)
    _, aux = run(spec, params, golden.arrays["video"], golden.arrays["mask"].astype(bool))
    assert_output(aux["pooled"], golden.arrays["sep.pooled"], "pooled")


def test_patch_embedding(golden_case):
    golden = golden_case("stage1")
    spec = encoder_spec(golden.config["model_kwargs"])
    params = encoder_params(golden.weights("weights"), spec)
    _, captured = InternVideo2Encoder(spec).apply(
        {"params": params},
        channels_last(golden.arrays["video"]),
        capture_intermediates=lambda module, _: module.name == "patch_embed",
    )
    patches = captured["intermediates"]["patch_embed"]["__call__"][0]
    assert_output(rearrange(patches, "n (F N) D -> n F N D", F=spec.num_frames), golden.arrays["plain.patch_embed"])


def test_teacher_of_distillation(golden_case):
    """The same network without mask: layers, attention pooling and its attention, of every recorded form."""
    golden, tags = golden_case("distill"), set()
    kwargs = golden.config["teacher_kwargs"]
    for name in golden.arrays:
        if not (match := re.fullmatch(r"(teacher(_fused)?(?:_index(\d+))?)\.attn", name)):
            continue
        tag, fused, index = match.groups()
        layers = tuple(map(int, index)) if index else tuple(range(-kwargs["clip_return_layer"], 0))
        activation = "gelu_tanh" if fused else "gelu"
        spec = encoder_spec(kwargs, activation=activation, return_layers=layers)
        params = encoder_params(golden.weights("teacher"), spec)
        _, aux = run(spec, params, golden.arrays["video"], None)
        expected = golden.arrays[f"{tag}.z"]
        samples = expected.shape[1]  # of chosen layers, those of the first clip are recorded
        assert_output(unit_vectors(aux["layers"][:, :samples]), expected, f"{tag} layers")
        assert_output(aux["pool_attention"][:, 1:], golden.arrays[name], f"{tag} attention")
        if f"{tag}.x" in golden.arrays:
            assert_output(unit_vectors(aux["pooled"]), golden.arrays[f"{tag}.x"], f"{tag} pooled")
        if tag == "teacher" and "engine.targets_clip_middle_vis" in golden.arrays:
            visible = ~golden.arrays["engine.mask"].astype(bool)
            targets = [unit_vectors(aux["layers"][:, clip, shown]) for clip, shown in enumerate(visible)]
            assert_output(np.stack(targets, axis=1), golden.arrays["engine.targets_clip_middle_vis"], "targets")
            assert_output(unit_vectors(aux["pooled"]), golden.arrays["engine.targets_clip_final_vis"], "final target")
        tags.add(tag)
    assert len(tags) > 1
