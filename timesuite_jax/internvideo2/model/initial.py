"""Fresh parameters of a student and its teachers."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from timesuite_jax.internvideo2.model.spec import ReconstructionSpec
from timesuite_jax.internvideo2.model.student import Student
from timesuite_jax.models.vision import InternVideo2Encoder, VideoEncoderSpec, VideoMaeEncoder
from timesuite_jax.models.vision.internvideo2_init import rescale_blocks


def boxed_params(spec: ReconstructionSpec, rng: PRNGKeyArray) -> dict[str, Any]:
    """Initialises "student", "teacher" and, if there is one, "mae_teacher", boxed with their logical axes."""
    keys = jax.random.split(rng, 3)
    mask = jnp.ones((1, spec.student.patches(spec.student.num_frames)), bool)
    student = Student(spec).init(keys[0], _blank(spec.student), mask, visible=mask.size)
    params = {"student": dict(student["params"])}
    params["teacher"] = dict(InternVideo2Encoder(spec.teacher).init(keys[1], _blank(spec.teacher))["params"])
    if spec.mae_teacher is not None:
        params["mae_teacher"] = dict(
            VideoMaeEncoder(spec.mae_teacher).init(keys[2], _blank(spec.mae_teacher))["params"]
        )
    return params


def rescaled(params: dict[str, Any]) -> dict[str, Any]:
    """Rescales the student's blocks, after the initialisation of each module, as upstream does.

    Args:
      params: fresh parameters, without boxes.
    """
    encoder = params["student"]["encoder"]
    encoder = {**encoder, "blocks": rescale_blocks(encoder["blocks"])}
    return {**params, "student": {**params["student"], "encoder": encoder}}


def _blank(spec: VideoEncoderSpec) -> jax.Array:
    return jnp.zeros((1, spec.num_frames, spec.image_size, spec.image_size, 3), jnp.dtype(spec.dtype))
