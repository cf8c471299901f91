"""Sizes of a model of videos and texts, and its released variants."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from ml_collections import ConfigDict

from timesuite_jax.config_spec import Config, bounded, check_bounds, override
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.model import DecoderSpec
from timesuite_jax.internvideo2.vision_config import read_vision
from timesuite_jax.models.audio import BeatsSpec
from timesuite_jax.models.text import BertSpec
from timesuite_jax.models.vision import InternVideo2Spec

BERT_LARGE = BertSpec(width=1024, layers=24, heads=16, hidden=4096)
_LAST_6 = (-6, -5, -4, -3, -2, -1)


@dataclasses.dataclass(frozen=True)
class AudioSpec:
    """`config.model.audio`; the defaults are those of the released 6B.

    Attributes:
      encoder: of the sound.
      matches_alone: whether there is a classifier of texts and sound without picture, which the loss `atm` needs.
    """

    encoder: BeatsSpec = dataclasses.field(default_factory=BeatsSpec)
    matches_alone: bool = False


@dataclasses.dataclass(frozen=True)
class VideoTextSpec:
    """`config.model`; the defaults are the released 1B.

    Attributes:
      vision: encoder of clips of `num_frames` frames and of images. From the outputs of its `return_layers`, decoders
        predict the teacher's; without any there are no decoders.
      text: BERT of the texts, with all its layers.
      fusion_layer: number of the first of its layers that attend to visual tokens; those before encode the text alone.
      embed_width: of the embeddings whose cosine is the similarity of a video and a text.
      memory_width: width that visual tokens are projected to before texts attend to them; 0: they are not projected.
      decoders: to the teacher's features. The released checkpoints have them although their last stage has no teacher.
      teacher: encoder whose features and attention may be used in training; None without one.
      temperature: initial value; cosines are divided by it.
      audio: encoder of the sound; None without one. Needs `memory_width`.
    """

    vision: InternVideo2Spec
    text: BertSpec = BERT_LARGE
    fusion_layer: int = bounded(19, minimum=1)
    embed_width: int = bounded(512, minimum=1)
    memory_width: int = bounded(0, minimum=0)
    decoders: DecoderSpec = dataclasses.field(default_factory=DecoderSpec)
    teacher: InternVideo2Spec | None = None
    temperature: float = bounded(0.07, above=0)
    audio: AudioSpec | None = None

    def __post_init__(self) -> None:
        """Checks that the parts go together.

        Raises:
          UserError: naming the fields.
        """
        check_bounds(self)
        if self.fusion_layer >= self.text.layers:
            raise UserError(
                f"model.fusion_layer={self.fusion_layer} leaves none of the model.text.layers={self.text.layers} "
                "to attend to visual tokens; lower it"
            )
        if self.audio is not None and not self.memory_width:
            raise UserError(
                "model.audio needs model.memory_width: sound and picture are projected to one width; set it to 768, as "
                "the 6B, or remove model.audio"
            )
        if (teacher := self.teacher) is None:
            return
        if (teacher.width, teacher.pool_width) != (self.decoders.width, self.decoders.pooled_width):
            raise UserError(
                f"model.decoders.width={self.decoders.width} and pooled_width={self.decoders.pooled_width} differ from "
                f"model.teacher's width {teacher.width} and pool_width {teacher.pool_width}; set them to the teacher's"
            )
        if len(teacher.return_layers) != len(self.vision.return_layers):
            raise UserError(
                f"model.vision.return_layers names {len(self.vision.return_layers)} blocks and model.teacher."
                f"return_layers {len(teacher.return_layers)}; name as many in both"
            )
        if teacher.grid != self.vision.grid or teacher.num_frames != 1:
            raise UserError(
                f"model.teacher must be an encoder of images (num_frames=1, not {teacher.num_frames}) with "
                f"{self.vision.grid}x{self.vision.grid} patches as model.vision, not {teacher.grid}x{teacher.grid}; "
                "change model.teacher"
            )

    @property
    def text_encoder(self) -> BertSpec:
        """The layers that encode a text alone."""
        return dataclasses.replace(self.text, layers=self.fusion_layer)

    @property
    def fusion(self) -> BertSpec:
        """The layers that attend to visual tokens."""
        return dataclasses.replace(self.text, layers=self.text.layers - self.fusion_layer)


VARIANTS: dict[str, VideoTextSpec] = {  # upstream's scripts/pretraining/stage2; "debug" is ours
    "1b": VideoTextSpec(
        InternVideo2Spec.from_variant("1b", num_frames=4, image_positions="own", return_layers=_LAST_6)
    ),
    "6b": VideoTextSpec(
        InternVideo2Spec.from_variant("6b", num_frames=4, return_layers=_LAST_6), embed_width=768, memory_width=768
    ),
    "debug": VideoTextSpec(
        InternVideo2Spec.from_variant("debug", image_positions="own"),
        BertSpec(width=32, layers=3, heads=2, hidden=64, vocab=256, positions=32),
        fusion_layer=2,
        embed_width=16,
    ),
}
VARIANTS |= {
    "6b_audio": dataclasses.replace(VARIANTS["6b"], audio=AudioSpec()),
    "debug_audio": dataclasses.replace(
        VARIANTS["debug"], memory_width=24, audio=AudioSpec(BeatsSpec.from_variant("debug"), matches_alone=True)
    ),
}


def model_spec(config: Config) -> VideoTextSpec:
    """Reads `config.model`: `variant` names the sizes, other keys replace fields.

    The encoders `vision` and `teacher` may have a `variant` of their own.

    Raises:
      UserError: on an unknown variant or field, or sizes that do not go together.
    """
    variant = str(config.get("variant", "1b"))
    if variant not in VARIANTS:
        raise UserError(f"model.variant={variant!r} is unknown; choose one of {', '.join(VARIANTS)}")
    changes: dict[str, Any] = {key: config[key] for key in config if key != "variant"}
    if isinstance(vision := changes.get("vision"), Mapping | ConfigDict) and "variant" in vision:
        changes["vision"] = read_vision(vision, "model.vision")
    if isinstance(teacher := changes.get("teacher"), Mapping | ConfigDict):
        changes["teacher"] = read_vision({"variant": "6b", "num_frames": 1, **teacher}, "model.teacher")
    return override(VARIANTS[variant], changes, "model")
