"""The loss of pretraining: distances of the student's predictions to features of frozen teachers."""

from typing import Any, cast

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, UInt8

from timesuite_jax.internvideo2.masks import draw_mask
from timesuite_jax.internvideo2.model import Predictions, Student
from timesuite_jax.internvideo2.reconstruction.config import ReconstructionConfig
from timesuite_jax.layers import mask_key
from timesuite_jax.models.vision import VideoEncoderSpec, VideoMaeEncoder, resize_frames, teacher_features
from timesuite_jax.models.vision.internvideo2 import visible_indices
from timesuite_jax.objectives import feature_distance
from timesuite_jax.param_tree import Params
from timesuite_jax.training import MetricSums, streams


def reconstruction_loss(
    config: ReconstructionConfig,
    params: Params,
    frames: UInt8[Array, "B F H W 3"],
    valid: Bool[Array, " B"],
    rng: PRNGKeyArray,
) -> tuple[Float[Array, ""], Float[Array, ""], MetricSums]:
    """Sums the loss over clips.

    The MAE teacher sees all frames; the student and its teacher see as many as the student has, evenly spaced from the
    first on.

    Args:
      config: of the run.
      params: "student", "teacher" and, if the model has one, "mae_teacher".
      frames: pixels of clips.
      valid: False at rows without a clip, which have no weight.
      rng: of the step.

    Returns:
      The summed loss, the number of clips, and the terms of the loss, before their weights.
    """
    spec, student = config.model, config.model.student
    keys = streams(rng, "mask", "drop_path")
    fewer = frames[:, :: frames.shape[1] // student.num_frames]
    teacher = teacher_features(spec.teacher, params["teacher"], _pixels(spec.teacher, fewer))
    mask = draw_mask(keys["mask"], config.mask, teacher.attention, student.num_frames)
    predicted: Predictions = cast(
        Any,
        Student(spec).apply(
            {"params": params["student"]},
            _pixels(student, fewer),
            mask,
            visible=config.visible,
            deterministic=False,
            rngs={"drop_path": mask_key(keys["drop_path"])},
        ),
    )
    indices = visible_indices(mask, config.visible)
    with_class = jnp.pad(indices + 1, ((0, 0), (1, 0)))
    terms = {
        "layers": feature_distance(predicted.layers, _take(teacher.layers, with_class)),
        "pooled": feature_distance(predicted.pooled[None, :, None], teacher.pooled[None, :, None]),
    }
    if spec.mae_teacher is not None and predicted.mae_layers is not None:
        mae_teacher, pixels = VideoMaeEncoder(spec.mae_teacher), _pixels(spec.mae_teacher, frames)
        mae = cast(Any, mae_teacher.apply({"params": params["mae_teacher"]}, pixels))
        terms["mae_layers"] = feature_distance(predicted.mae_layers, _take(mae, indices))
    weight = valid.astype(jnp.float32)
    sums = {name: jnp.sum(term * weight) for name, term in terms.items()}
    total = jnp.sum(jnp.stack([getattr(config.loss, name) * value for name, value in sums.items()]))
    count = jnp.sum(weight)
    return total, count, {name: (value, count) for name, value in sums.items()}


def _pixels(spec: VideoEncoderSpec, frames: UInt8[Array, "B F H W 3"]) -> Float[Array, "B F size size 3"]:
    """An encoder's input, resized where its frames have another size."""
    return resize_frames(spec.normalise(frames), spec.image_size)


def _take(layers: Float[Array, "L n N D"], indices: Int[Array, "n N_out"]) -> Float[Array, "L n N_out D"]:
    """The same tokens of each layer."""
    return jnp.take_along_axis(layers, indices[None, :, :, None], axis=2)
