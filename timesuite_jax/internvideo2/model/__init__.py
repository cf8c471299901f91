"""Modules of InternVideo2's stages beside the encoder: the student of pretraining and its decoders."""

from timesuite_jax.internvideo2.model.decode_features import DecoderSpec, decode_features
from timesuite_jax.internvideo2.model.initial import boxed_params, rescaled
from timesuite_jax.internvideo2.model.spec import ReconstructionSpec, model_spec
from timesuite_jax.internvideo2.model.student import Predictions, Student

__all__ = [
    "DecoderSpec",
    "Predictions",
    "ReconstructionSpec",
    "Student",
    "boxed_params",
    "decode_features",
    "model_spec",
    "rescaled",
]
