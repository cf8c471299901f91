"""Weights that a student and its teachers start from: positions of other frames, and a patch embedding of images."""

import dataclasses
import functools
from collections.abc import Iterator

from timesuite_jax.config_spec import bounded
from timesuite_jax.internvideo2.model import ReconstructionSpec
from timesuite_jax.internvideo2.reconstruction.port import TEACHER
from timesuite_jax.internvideo2.weights import InternVideo2WeightsSpec
from timesuite_jax.port import CheckpointLayer
from timesuite_jax.port.changed_tensors import Change
from timesuite_jax.port.inflated_kernels import inflate_kernel


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
            **dict(_image_kernel(layer)),
            **self.resized_positions(layer, spec.student, uses=("", "clip_", "mae_")),
            **self.resized_positions(layer, spec.teacher, f"{TEACHER}.", setting="teacher_position_frames"),
        }


def _image_kernel(layer: CheckpointLayer) -> Iterator[tuple[str, Change]]:
    """The patch embedding of an encoder of images, whose kernel has no axis of time."""
    if (key := layer.keys.get(f"{TEACHER}.patch_embed.proj.weight")) is None:
        return
    shape = layer.source.infos[key].shape
    if len(shape) == 4:
        yield key, ((*shape[:2], 1, *shape[2:]), functools.partial(inflate_kernel, frames=1))
