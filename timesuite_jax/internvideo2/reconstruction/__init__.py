"""Reconstruction of frozen teachers' features: what pretraining and distillation share."""

from timesuite_jax.internvideo2.reconstruction.config import LossSpec, ReconstructionConfig
from timesuite_jax.internvideo2.reconstruction.loss import reconstruction_loss
from timesuite_jax.internvideo2.reconstruction.task import ReconstructionTask

__all__ = ["LossSpec", "ReconstructionConfig", "ReconstructionTask", "reconstruction_loss"]
