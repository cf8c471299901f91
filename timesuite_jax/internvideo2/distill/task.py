"""Distillation as a task."""

from timesuite_jax.internvideo2.distill.port import PORT
from timesuite_jax.internvideo2.reconstruction import ReconstructionTask


class DistillTask(ReconstructionTask):
    """Distillation of a small student from a video encoder."""

    name = PORT.name
    port = PORT
