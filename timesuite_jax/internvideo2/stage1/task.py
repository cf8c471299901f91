"""Stage 1 as a task."""

from timesuite_jax.internvideo2.reconstruction import ReconstructionTask
from timesuite_jax.internvideo2.stage1.port import PORT


class PretrainTask(ReconstructionTask):
    """Pretraining of the student of an image encoder and of VideoMAE."""

    name = PORT.name
    port = PORT
