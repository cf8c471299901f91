"""The config of a run of pretraining or distillation, except `task` and `training`."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from ml_collections import ConfigDict

from timesuite_jax.config_spec import Config, bounded, build, check_bounds
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.data import ClipDataSpec
from timesuite_jax.internvideo2.masks import MaskSpec
from timesuite_jax.internvideo2.model import ReconstructionSpec, model_spec
from timesuite_jax.internvideo2.reconstruction.weights import ReconstructionWeightsSpec


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
        parts: dict[str, Any] = config.to_dict() if isinstance(config, ConfigDict) else dict(config)
        for key in ("model", "data"):
            if not isinstance(parts.get(key), Mapping):
                raise UserError(f"config.{key} is missing or no mapping; see configs/internvideo2 for an example")
        model = model_spec(parts["model"])
        data = build(ClipDataSpec, _with_frames(parts["data"], model), "data")
        own = {key: value for key, value in parts.items() if key not in ("task", "training")}
        return build(cls, {**own, "model": model, "data": data}, "config")


def _with_frames(data: Mapping[str, Any], model: ReconstructionSpec) -> dict[str, Any]:
    """The config of the data with number and size of the model's frames.

    Raises:
      UserError: if it has others.
    """
    sizes = {"num_frames": model.frames, "image_size": model.student.image_size}
    for name, size in sizes.items():
        if data.get(name, size) != size:
            raise UserError(
                f"data.{name}={data[name]} differs from the model's {size}, which decides; leave data.{name} out, or "
                "change the model's"
            )
    return {**data, **sizes}
