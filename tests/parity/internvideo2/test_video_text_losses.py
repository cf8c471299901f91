"""Losses and gradients of training steps of stage 2 equal upstream's, from its masks, negatives and hidden words."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.support.golden_folder import LOSS, GoldenFolder, assert_gradient_summaries, assert_gradients
from tests.support.video_text import named, params_of, video_text_spec, visual_state
from timesuite_jax.internvideo2.masks import MaskSpec
from timesuite_jax.internvideo2.stage2 import loss as loss_module
from timesuite_jax.internvideo2.stage2.config import LossSpec, MaskSpecs, VideoTextConfig
from timesuite_jax.internvideo2.stage2.data import VideoTextDataSpec
from timesuite_jax.internvideo2.stage2.loss import SpecialWords, video_text_loss
from timesuite_jax.models.vision import VideoEncoderSpec

TERMS = {"contrastive": "vtc", "matching": "vtm", "words": "mlm"}
SPECIAL = SpecialWords(first=3, mask=5)
UNUSED = VideoTextDataSpec(
    corpora=("unused",), tokenizer="unused", batch_size=4, num_frames=4, image_size=42, max_tokens=12
)


def config_of(golden: GoldenFolder, step: str, *, case: str = "stage2_visual") -> VideoTextConfig:
    """The config of a recorded step."""
    second = step.startswith("B.") or case != "stage2_visual"  # with a teacher
    options = golden.config.get("modelB_overrides", {}) if step.startswith("B.") else {}
    weights = {**golden.config["criterion"]["loss_weight"], **options.get("loss_weight", {})}
    ratios = options.get("clip_loss_ratio", golden.config["criterion"]["clip_loss_ratio"])
    loss = LossSpec(
        weights["vtc"],
        weights["vtm"],
        weights["mlm"],
        weights["uta"] * ratios[0],
        weights["uta"] * ratios[1],
        negatives="hard" if options.get("vtm_hard_neg", True) else "random",
        negative_rows=4,
        chunk=5,
    )
    spec = video_text_spec(golden.config, teacher=second, own_image=not second)
    video = MaskSpec(kind="random", scope="clip", ratio=0.0 if step.endswith("nomask") else 0.8)
    return VideoTextConfig(spec, UNUSED, mask=MaskSpecs(video=video), loss=loss)


def recorded(monkeypatch: pytest.MonkeyPatch, golden: GoldenFolder, step: str) -> dict[str, jax.Array]:
    """Replaces what is drawn by what upstream drew, and returns the batch."""
    arrays = golden.arrays
    media = "image" if "image" in step else "video"
    if f"{step}.mask" in arrays:
        mask = jnp.asarray(~arrays[f"{step}.mask"][:, 1:].astype(bool))
        monkeypatch.setattr(loss_module, "draw_mask", lambda *_: mask)
        visible = int(mask[0].sum())
        monkeypatch.setattr(MaskSpec, "visible", lambda *_: visible)
    noise = [arrays[name] for number in range(3) if (name := f"{step}.randn_like.{number}.noise") in arrays]
    sampled = [arrays[name] for number in range(6) if (name := f"{step}.multinomial.{number}.sampled") in arrays]
    draws = iter(noise or [rows for rows in sampled if rows.shape == (4, 1)][:2])
    plain = loss_module.choose_negatives

    def draw(_: Any, spec: LossSpec, similarity: Any, excluded: Any) -> Any:
        logits = loss_module.negative_logits(similarity, excluded, hard=spec.negatives == "hard")
        drawn = next(draws)
        if noise:
            return plain(logits, jnp.asarray(drawn)[None])
        assert np.isfinite(drawn).all()
        return jnp.asarray(drawn.T, jnp.int32), jnp.ones((1, 4), bool)

    monkeypatch.setattr(loss_module, "draw_negatives", draw)
    shown = jnp.asarray(arrays[f"{step}.mlm.0.input_ids"], jnp.int32)
    labels = jnp.asarray(arrays[f"{step}.mlm.0.labels"])
    monkeypatch.setattr(loss_module, "hide_words", lambda *_: (shown, labels >= 0))
    monkeypatch.setattr(VideoEncoderSpec, "normalise", lambda _, frames: frames)
    ids = arrays["idx"] if "idx" in arrays else arrays["idx_dup" if step == "A.video" else "idx_unique"]
    video = arrays["video"][:, :1] if media == "image" and "image" not in arrays else arrays[media]
    batch = {
        "frames": np.moveaxis(video, 2, -1),
        "text": arrays["text.input_ids"].astype(np.int32),
        "text_mask": arrays["text.attention_mask"] == 1,
        "content": ids.astype(np.int32)[:, None],
        "valid": np.ones(len(video), bool),
    }
    return jax.tree.map(jnp.asarray, batch)


def losses_of(golden: GoldenFolder, config: VideoTextConfig, params: dict, batch: dict, differentiate: bool) -> Any:
    """Each weighted term and the total, and their gradients."""

    def means(trained: dict, teacher: dict) -> Any:
        total, weight, sums = video_text_loss(config, SPECIAL, {**trained, **teacher}, batch, jax.random.key(0))
        found = {name: getattr(config.loss, ours) * sums[ours][0] / sums[ours][1] for ours, name in TERMS.items()}
        if "layers" in sums:
            terms = [getattr(config.loss, name) * sums[name][0] / sums[name][1] for name in ("layers", "pooled")]
            found["uta"] = terms[0] + terms[1]
        found["total"] = total / weight
        return found, found

    teacher = {"teacher": params.pop("teacher")} if "teacher" in params else {}
    if differentiate:
        return jax.jit(jax.jacrev(means, has_aux=True))(params, teacher)
    return None, jax.jit(means)(params, teacher)[1]


STEPS = ["A.video", "A.image", "A.video_nomask", "B.video", "B.image", "B.video_tube"]


@pytest.mark.parametrize("step", STEPS)
def test_losses_and_gradients(golden_case, step, monkeypatch):
    golden = golden_case("stage2_visual")
    params = params_of(golden.weights("weights" if step.startswith("A.") else "weights_B"))
    config = config_of(golden, step)
    batch = recorded(monkeypatch, golden, step)
    differentiate = step in ("A.video", "B.video")
    gradients, found = losses_of(golden, config, params, batch, differentiate)
    for name, value in found.items():
        np.testing.assert_allclose(value, golden.arrays[f"{step}.loss_{name}"], rtol=0, atol=LOSS, err_msg=name)
    if not differentiate:
        return
    tag = step.replace(".", "_")
    for name, gradient in gradients.items():
        tensors = named(jax.tree.map(np.asarray, gradient))
        summary = name if name == "total" else f"loss_{name}"
        assert_gradient_summaries(tensors, golden.summaries(f"grad_summaries_{tag}")[summary], name)
        if golden.has(f"grads_{tag}_{name}.safetensors"):
            assert_gradients(tensors, golden.weights(f"grads_{tag}_{name}"))


def test_losses_of_images_in_the_6b(golden_case, monkeypatch):
    """With projected visual tokens."""
    golden = golden_case("stage2_audiovisual")
    params = params_of(visual_state(golden.weights("weights")))
    batch = recorded(monkeypatch, golden, "image")
    config = config_of(golden, "image", case="stage2_audiovisual")
    _, found = losses_of(golden, config, params, batch, False)
    for name, value in found.items():
        np.testing.assert_allclose(value, golden.arrays[f"image.loss_{name}"], rtol=0, atol=LOSS, err_msg=name)
