"""Fresh parameters of a model of stage 2."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from timesuite_jax.internvideo2.stage2.model import VideoTextModel
from timesuite_jax.internvideo2.stage2.spec import VideoTextSpec
from timesuite_jax.models.vision import InternVideo2Encoder, VideoEncoderSpec
from timesuite_jax.models.vision.internvideo2_init import rescale_blocks

TEACHER = "teacher"


def boxed_params(spec: VideoTextSpec, rng: PRNGKeyArray) -> dict[str, Any]:
    """Initialises the model and, under "teacher", its teacher if there is one, boxed with their logical axes."""
    keys = jax.random.split(rng, 2)
    text = jnp.zeros((1, 2), jnp.int32)
    sound = None
    if spec.audio is not None:
        side = spec.audio.encoder.patch_size
        sound = jnp.zeros((1, side, side), jnp.float32)
    params = dict(VideoTextModel(spec).init(keys[0], _blank(spec.vision), text, text == 0, sound)["params"])
    if spec.teacher is not None:
        params[TEACHER] = dict(InternVideo2Encoder(spec.teacher).init(keys[1], _blank(spec.teacher))["params"])
    return params


def rescaled(params: dict[str, Any]) -> dict[str, Any]:
    """Rescales the blocks of the video encoder, after the initialisation of each module, as upstream does.

    Args:
      params: fresh parameters, without boxes.
    """
    encoder = params["vision"]["encoder"]
    encoder = {**encoder, "blocks": rescale_blocks(encoder["blocks"])}
    return {**params, "vision": {**params["vision"], "encoder": encoder}}


def _blank(spec: VideoEncoderSpec) -> jax.Array:
    return jnp.zeros((1, spec.num_frames, spec.image_size, spec.image_size, 3), jnp.dtype(spec.dtype))
