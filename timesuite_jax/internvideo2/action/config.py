"""The config of a classifier's run, except `task` and `training`."""

import dataclasses

from timesuite_jax.config_spec import Config, bounded, build, check_bounds
from timesuite_jax.internvideo2.action.class_names import with_classes
from timesuite_jax.internvideo2.action.mixing import MixingSpec
from timesuite_jax.internvideo2.action.spec import ActionSpec, model_spec
from timesuite_jax.internvideo2.action.weights import ActionWeightsSpec
from timesuite_jax.internvideo2.data import ClipDataSpec, ViewSpec, check_views
from timesuite_jax.internvideo2.vision_config import config_sections, with_clip_size


@dataclasses.dataclass(frozen=True)
class EvaluationSpec:
    """What is classified and scored; nothing if `corpora` is empty.

    Attributes:
      corpora: folders.
      views: clips and crops of each video, whose probabilities are averaged.
      batch_size: videos at a time, each with all of its views; does not change the scores.
      limit: videos of all corpora, from the first.
    """

    corpora: tuple[str, ...] = ()
    views: ViewSpec = dataclasses.field(default_factory=ViewSpec)
    batch_size: int = bounded(8, minimum=1)
    limit: int | None = bounded(None, minimum=1)

    def __post_init__(self) -> None:
        """Checks the bounds.

        Raises:
          UserError: naming the field.
        """
        check_bounds(self)


@dataclasses.dataclass(frozen=True)
class ActionConfig:
    """The whole of it.

    Attributes:
      model: encoder and head.
      data: training corpora, and how their records become clips; number and size of the frames are the model's.
      evaluation: see `EvaluationSpec`.
      mixing: mixup and CutMix.
      weights: what a new run starts from.
      classes: names of the head's classes; those of the corpora if empty.
      label_smoothing: part of each target that is spread over all classes.
      layer_decay: factor of the learning rate from one block to the one below it.
      trained: glob patterns of parameter paths; statistics of a BatchNorm are always trained.
    """

    model: ActionSpec
    data: ClipDataSpec
    evaluation: EvaluationSpec = EvaluationSpec()
    mixing: MixingSpec = dataclasses.field(default_factory=MixingSpec)
    weights: ActionWeightsSpec = dataclasses.field(default_factory=ActionWeightsSpec)
    classes: tuple[str, ...] = ()
    label_smoothing: float = bounded(0.1, minimum=0, below=1)
    layer_decay: float = bounded(1.0, above=0, maximum=1)
    trained: tuple[str, ...] = ("*",)

    def __post_init__(self) -> None:
        """Checks the bounds, and that the sampling has as many views as evaluation asks for.

        Raises:
          UserError: naming the field.
        """
        check_bounds(self)
        check_views(self.data.sampling, self.evaluation.views)

    @classmethod
    def from_config(cls, config: Config) -> "ActionConfig":
        """Reads the parts of a run's config that concern the task, and the names of the corpora's classes.

        Raises:
          UserError: on unknown keys, wrong types, sizes that do not go together, or classes that differ.
        """
        parts = config_sections(config)
        model = model_spec(parts["model"])
        vision = model.vision
        sizes = with_clip_size(parts["data"], num_frames=vision.num_frames, image_size=vision.image_size)
        data = build(ClipDataSpec, sizes, "data")
        own = {key: value for key, value in parts.items() if key not in ("task", "training")}
        return with_classes(build(cls, {**own, "model": model, "data": data}, "config"))
