"""The eleven losses of videos, sound and captions, and their gradients, equal upstream's; missing sound has none."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.parity.internvideo2.test_video_text_losses import SPECIAL, UNUSED
from tests.support.audio_video import audio_video_spec
from tests.support.golden_folder import LOSS, GoldenFolder, assert_gradients
from tests.support.video_text import named, params_of
from timesuite_jax.internvideo2.masks import MaskSpec
from timesuite_jax.internvideo2.stage2 import loss as loss_module
from timesuite_jax.internvideo2.stage2.config import VideoTextConfig
from timesuite_jax.internvideo2.stage2.loss import video_text_loss
from timesuite_jax.internvideo2.stage2.loss_spec import AudioLossSpec, LossSpec, MediaLossSpec
from timesuite_jax.models.vision import VideoEncoderSpec

TERMS = {
    "contrastive": "vtc", "matching": "vtm", "words": "mlm",
    "audio_contrastive": "atc", "audio_matching": "atm", "audio_words": "amlm",
    "both_contrastive": "avtc", "both_matching": "avtm", "both_words": "avmlm", "audio_to_video": "avc",
}  # fmt: skip


def config_of(golden: GoldenFolder) -> VideoTextConfig:
    weights = golden.config["criterion"]["loss_weight"]
    ratios = golden.config["criterion"]["clip_loss_ratio"]
    alone = MediaLossSpec(*(weights[name] for name in ("atc", "atm", "amlm")))
    both = MediaLossSpec(*(weights[name] for name in ("avtc", "avtm", "avmlm")))
    loss = LossSpec(
        *(weights[name] for name in ("vtc", "vtm", "mlm")),
        audio=AudioLossSpec(alone, both, weights["avc"]),
        layers=weights["uta"] * ratios[0],
        pooled=weights["uta"] * ratios[1],
        negative_rows=4,
        chunk=5,
    )
    return VideoTextConfig(audio_video_spec(golden.config), UNUSED, loss=loss)


def recorded(monkeypatch: pytest.MonkeyPatch, golden: GoldenFolder, step: str) -> dict[str, Any]:
    """Replaces what is drawn by what upstream drew, and returns the batch."""
    arrays = golden.arrays
    shown = ~arrays[f"{step}.mask"][:, 1:].astype(bool)
    mask, count = jnp.asarray(shown), int(shown[0].sum())
    monkeypatch.setattr(loss_module, "draw_mask", lambda *_: mask)
    monkeypatch.setattr(MaskSpec, "visible", lambda *_: count)
    negatives = iter([arrays[f"{step}.multinomial.{number}.sampled"] for number in range(6)])
    found = jnp.ones((1, 4), bool)
    monkeypatch.setattr(loss_module, "draw_negatives", lambda *_: (jnp.asarray(next(negatives).T, jnp.int32), found))
    words = iter([(jnp.asarray(arrays[f"{step}.mlm.{number}.input_ids"], jnp.int32),
                   jnp.asarray(arrays[f"{step}.mlm.{number}.labels"] >= 0)) for number in range(3)])  # fmt: skip
    monkeypatch.setattr(loss_module, "hide_words", lambda *_: next(words))
    monkeypatch.setattr(VideoEncoderSpec, "normalise", lambda _, frames: frames)
    return {
        "text": jnp.asarray(arrays["text.input_ids"], jnp.int32),
        "text_mask": jnp.asarray(arrays["text.attention_mask"] == 1),
        "frames": jnp.asarray(np.moveaxis(arrays["video"], 2, -1)),
        "content": jnp.asarray(arrays["idx"].astype(np.int32))[:, None],
        "valid": jnp.ones(4, bool),
        "spectrogram": jnp.asarray(arrays["audio"]),
        "has_sound": jnp.ones(4, bool),
    }


def weight_of(spec: LossSpec, name: str) -> float:
    assert spec.audio is not None
    if name == "audio_to_video":
        return spec.audio.to_video
    media, _, term = name.rpartition("_")
    return getattr({"": spec, "audio": spec.audio.alone, "both": spec.audio.both}[media], term)


def means(config: VideoTextConfig, trained: dict, teacher: dict, batch: dict) -> tuple[Any, dict]:
    total, weight, sums = video_text_loss(config, SPECIAL, {**trained, **teacher}, batch, jax.random.key(0))
    found = {theirs: weight_of(config.loss, ours) * sums[ours][0] / sums[ours][1] for ours, theirs in TERMS.items()}
    terms = [getattr(config.loss, name) * sums[name][0] / sums[name][1] for name in ("layers", "pooled")]
    return total / weight, {**found, "uta": terms[0] + terms[1], "total": total / weight}


def test_losses_and_gradients(golden_case, monkeypatch):
    golden = golden_case("stage2_audiovisual")
    params, config = params_of(golden.weights("weights")), config_of(golden)
    batch, teacher = recorded(monkeypatch, golden, "audio_video"), {"teacher": params.pop("teacher")}
    run = jax.jit(jax.grad(lambda trained: means(config, trained, teacher, batch), has_aux=True))
    gradient, found = run(params)
    assert_gradients(named(jax.tree.map(np.asarray, gradient)), golden.weights("grads_audio_video_total"))
    for name, value in found.items():
        tolerance = LOSS * (len(found) - 1 if name == "total" else 1)  # the total is the sum of the others
        expected = golden.arrays[f"audio_video.loss_{name}"]
        np.testing.assert_allclose(value, expected, rtol=0, atol=tolerance, err_msg=name)


def test_rows_without_sound_have_no_part_in_its_losses(golden_case, monkeypatch):
    """Their spectrograms change nothing, and the losses are means over the others."""
    golden = golden_case("stage2_audiovisual")
    params, config = params_of(golden.weights("weights")), config_of(golden)
    batch, teacher = recorded(monkeypatch, golden, "audio_video"), {"teacher": params.pop("teacher")}
    monkeypatch.undo()  # draws are as in training, where rows without sound are no negatives
    monkeypatch.setattr(VideoEncoderSpec, "normalise", lambda _, frames: frames)
    config = dataclasses.replace(config, loss=dataclasses.replace(config.loss, negatives="random"))
    batch["has_sound"] = jnp.asarray([True, True, False, True])

    @jax.jit
    def run(spectrogram: jax.Array) -> Any:
        return video_text_loss(
            config, SPECIAL, {**params, **teacher}, {**batch, "spectrogram": spectrogram}, jax.random.key(0)
        )

    _, _, sums = run(batch["spectrogram"])
    _, _, other = run(batch["spectrogram"].at[2].set(7.0))
    for name in sums:
        np.testing.assert_allclose(sums[name], other[name], rtol=1e-6, err_msg=name)
    assert [float(sums[name][1]) for name in ("contrastive", "audio_contrastive", "both_contrastive")] == [4, 3, 3]
    assert float(sums["audio_to_video"][1]) == 3 and float(sums["audio_matching"][1]) <= 9
