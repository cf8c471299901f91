"""The config of a run of pretraining or distillation, except `task` and `training`."""

import dataclasses

from timesuite_jax.config_spec import Config, bounded, build, check_bounds
from timesuite_jax.internvideo2.data import ClipDataSpec
from timesuite_jax.internvideo2.masks import MaskSpec
from timesuite_jax.internvideo2.model import ReconstructionSpec, model_spec
from timesuite_jax.internvideo2.reconstruction.weights import ReconstructionWeightsSpec
from timesuite_jax.internvideo2.vision_config import config_sections, with_clip_size


@dataclasses.dataclass(frozen=True)
class LossSpec:
    """Weights of the terms of the loss.

    Attributes:
      layers: distance to the teacher's layers.
      pooled: distance to its pooled feature.
      mae_layers: distance to the layers of the MAE teacher, if there is one.
    """

    layers: float = bounded(1.0, minimum=0)
    pooled: float = bounded(1.0, minimum=0)
    mae_layers: float = bounded(1.0, minimum=0)

    def __post_init__(self) -> None:
        """Checks the bounds.

        Raises:
          UserError: naming the field.
        """
        check_bounds(self)


@dataclasses.dataclass(frozen=True)
class ReconstructionConfig:
    """The whole of it.

    Attributes:
      model: student and teachers.
      data: corpora, and how their records become clips; number and size of the frames are the model's.
      mask: which patches the student sees.
      loss: weights of the terms.
      weights: what a new run starts from: the teachers, and the student if it is not new.
    """

    model: ReconstructionSpec
    data: ClipDataSpec
    mask: MaskSpec = dataclasses.field(default_factory=MaskSpec)
    loss: LossSpec = LossSpec()
    weights: ReconstructionWeightsSpec = dataclasses.field(default_factory=ReconstructionWeightsSpec)

    @property
    def visible(self) -> int:
        """Number of patches of a clip that the student sees."""
        student = self.model.student
        return self.mask.visible(student.num_frames, student.grid**2)

    @classmethod
    def from_config(cls, config: Config) -> "ReconstructionConfig":
        """Reads the parts of a run's config that concern the task.

        Raises:
          UserError: on unknown keys, wrong types, or sizes that do not go together.
        """
        parts = config_sections(config)
        model = model_spec(parts["model"])
        sizes = with_clip_size(parts["data"], num_frames=model.frames, image_size=model.student.image_size)
        data = build(ClipDataSpec, sizes, "data")
        own = {key: value for key, value in parts.items() if key not in ("task", "training")}
        return build(cls, {**own, "model": model, "data": data}, "config")
