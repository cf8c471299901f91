"""The config of a run of stage 2, except `task` and `training`."""

import dataclasses

from timesuite_jax.config_spec import Config, build
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.masks import MaskSpec
from timesuite_jax.internvideo2.stage2.data import VideoTextDataSpec
from timesuite_jax.internvideo2.stage2.loss_spec import LossSpec
from timesuite_jax.internvideo2.stage2.spec import VideoTextSpec, model_spec
from timesuite_jax.internvideo2.stage2.weights import VideoTextWeightsSpec
from timesuite_jax.internvideo2.vision_config import config_sections, with_clip_size


@dataclasses.dataclass(frozen=True)
class MaskSpecs:
    """Which patches are encoded in training; with ratio 0, all are.

    Attributes:
      video: of clips.
      image: of images.
    """

    video: MaskSpec = dataclasses.field(default_factory=lambda: MaskSpec(kind="random", scope="clip", ratio=0.8))
    image: MaskSpec = dataclasses.field(default_factory=lambda: MaskSpec(kind="random", scope="clip", ratio=0.5))


@dataclasses.dataclass(frozen=True)
class VideoTextConfig:
    """The whole of it.

    Attributes:
      model: encoders and fusion.
      data: corpora, and how their records become clips with captions; number and size of the frames are the model's.
      mask: which patches are encoded.
      loss: weights and options of the terms.
      weights: what a new run starts from.
      trained: glob patterns of parameter paths. The teacher is never trained, its decoders only with a loss.
    """

    model: VideoTextSpec
    data: VideoTextDataSpec
    mask: MaskSpecs = dataclasses.field(default_factory=MaskSpecs)
    loss: LossSpec = dataclasses.field(default_factory=LossSpec)
    weights: VideoTextWeightsSpec = dataclasses.field(default_factory=VideoTextWeightsSpec)
    trained: tuple[str, ...] = ("*",)

    def __post_init__(self) -> None:
        """Checks that losses, masks, model and data go together.

        Raises:
          UserError: naming the fields.
        """
        rows, group = self.data.batch_size, self.loss.negative_rows
        if self.loss.matching and group and rows % group:
            raise UserError(
                f"loss.negative_rows={group} does not divide data.batch_size={rows}; choose a divisor, or 0 for the "
                "whole batch"
            )
        if self.loss.matching and min(group or rows, rows) < 2:
            raise UserError(
                f"a batch of {rows} with loss.negative_rows={group} has no negatives; raise data.batch_size or "
                "loss.negative_rows to 2 or more, or set loss.matching=0"
            )
        attention = [name for name in ("video", "image") if getattr(self.mask, name).kind == "attention"]
        if self.model.teacher is None and (self.loss.of_teacher or attention):
            where = f"mask.{attention[0]}.kind='attention'" if attention else "loss.layers and loss.pooled"
            raise UserError(f"{where} needs a teacher; set model.teacher, or leave it out")
        if self.loss.of_teacher and not self.model.vision.return_layers:
            raise UserError(
                "loss.layers and loss.pooled need decoders; set model.vision.return_layers to the blocks that predict "
                "the teacher's, or these weights to 0"
            )
        if self.loss.audio is not None:
            if self.model.audio is None:
                raise UserError("loss.audio is set, model.audio is not; set both, or neither")
            if self.loss.audio.alone.matching and not self.model.audio.matches_alone:
                raise UserError("loss.audio.alone.matching needs a classifier; set model.audio.matches_alone=True")
        if self.data.max_tokens > self.model.text.positions:
            raise UserError(
                f"data.max_tokens={self.data.max_tokens} is more than model.text.positions="
                f"{self.model.text.positions}; lower it"
            )

    def mask_of(self, frames: int) -> MaskSpec:
        """The mask of clips of so many frames; of images if it is one."""
        return self.mask.image if frames == 1 else self.mask.video

    @classmethod
    def from_config(cls, config: Config) -> "VideoTextConfig":
        """Reads the parts of a run's config that concern the task.

        Raises:
          UserError: on unknown keys, wrong types, or sizes that do not go together.
        """
        parts = config_sections(config)
        model = model_spec(parts["model"])
        vision = model.vision
        sizes = with_clip_size(parts["data"], num_frames=vision.num_frames, image_size=vision.image_size)
        data = build(VideoTextDataSpec, sizes, "data")
        own = {key: value for key, value in parts.items() if key not in ("task", "training")}
        return build(cls, {**own, "model": model, "data": data}, "config")
