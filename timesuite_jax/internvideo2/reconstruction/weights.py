"""Weights that a student and its teachers start from: positions of other frames, and a patch embedding of images."""

import dataclasses

from timesuite_jax.config_spec import bounded
from timesuite_jax.internvideo2.image_kernel import image_kernel
from timesuite_jax.internvideo2.model import ReconstructionSpec
from timesuite_jax.internvideo2.reconstruction.port import TEACHER
from timesuite_jax.internvideo2.weights import InternVideo2WeightsSpec
from timesuite_jax.port import CheckpointLayer
from timesuite_jax.port.changed_tensors import Change


@dataclasses.dataclass(frozen=True)
class ReconstructionWeightsSpec(InternVideo2WeightsSpec):
    """`config.weights` of a student and its teachers.

    Attributes:
      teacher_position_frames: as `position_frames`, which is the student's, of the position embeddings of the teacher
        whose features are learned: 1 if it encodes images.
    """

    teacher_position_frames: int = bounded(0, minimum=0)

    def tensor_changes(self, spec: ReconstructionSpec, layer: CheckpointLayer) -> dict[str, Change]:
        """Interpolated positions, and the patch embedding of an image encoder as one of clips of one frame.

        Args:
          spec: of the model.
          layer: a file.

        Raises:
          UserError: a table does not have the frames that the config names.
        """
        return {
            **image_kernel(layer, f"{TEACHER}."),
            **self.resized_positions(layer, spec.student, uses=("", "clip_", "mae_")),
            **self.resized_positions(layer, spec.teacher, f"{TEACHER}.", setting="teacher_position_frames"),
        }
