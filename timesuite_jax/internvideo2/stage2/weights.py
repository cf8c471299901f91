"""Weights that a model of stage 2 starts from: with positions of other frames, and an image encoder as teacher."""

import dataclasses

from timesuite_jax.internvideo2.image_kernel import image_kernel
from timesuite_jax.internvideo2.stage2.port import TEACHER, VISION
from timesuite_jax.internvideo2.stage2.spec import VideoTextSpec
from timesuite_jax.internvideo2.weights import InternVideo2WeightsSpec
from timesuite_jax.port import CheckpointLayer
from timesuite_jax.port.changed_tensors import Change


@dataclasses.dataclass(frozen=True)
class VideoTextWeightsSpec(InternVideo2WeightsSpec):
    """`config.weights`; `position_frames` are those of the video encoder and its decoders."""

    def tensor_changes(self, spec: VideoTextSpec, layer: CheckpointLayer) -> dict[str, Change]:
        """Interpolated positions, and the patch embedding of an image encoder as one of clips of one frame.

        Args:
          spec: of the model.
          layer: a file.

        Raises:
          UserError: a table does not have the frames that the config names.
        """
        changes = self.resized_positions(layer, spec.vision, f"{VISION}.", uses=("", "clip_"))
        return {**changes, **image_kernel(layer, f"{TEACHER}.")}
