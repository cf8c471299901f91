"""Sizes and choices of VideoChat-T, checked when they are put together."""

import dataclasses
from typing import Any, Literal

from timesuite_jax.errors import UserError
from timesuite_jax.models.text.mistral import MistralSpec
from timesuite_jax.models.text.qformer_spec import QFormerSpec
from timesuite_jax.models.vision.umt import UmtSpec

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# What upstream's evaluation normalises with, though it trains with ImageNet's.
CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


@dataclasses.dataclass(frozen=True)
class VideoChatTSpec:
    """The three models, and what ties them together.

    `tape=True` is upstream's `LinearProAda` (the released model), `tape=False` its `LinearP`.
    """

    vision: UmtSpec
    qformer: QFormerSpec
    mistral: MistralSpec
    num_frames: int = 128  # of a video; a multiple of `vision.num_frames`, the frames of a clip
    merge_len: int = 4  # query tokens that become one token of the language model
    tape: bool = True
    tape_clips: int | None = None  # clips that the TAPE's weights were trained with; None: those of `num_frames`
    clips_at_once: int = 16  # of each device, when answering: a longer video is encoded part by part
    bos: Literal["embedding", "ones"] = "embedding"  # at position 0; "ones" is upstream's quirk in training
    pixel_mean: tuple[float, float, float] = IMAGENET_MEAN  # of pixels scaled to 0..1
    pixel_std: tuple[float, float, float] = IMAGENET_STD
    train_vision: bool = False  # upstream freezes the tower in all of VideoChat-T's stages

    @classmethod
    def from_variant(cls, variant: str, **overrides: Any) -> "VideoChatTSpec":
        """Spec of a named variant, fields replaced by `overrides`.

        "released" is upstream's model with its numeric quirks; "debug" has all parts at sizes for a laptop.

        Raises:
          UserError: on an unknown variant, or sizes that do not go together.
        """
        variants: dict[str, dict[str, Any]] = {
            "released": {
                "vision": UmtSpec.from_variant("large"),
                "qformer": QFormerSpec.from_variant("base"),
                "mistral": MistralSpec.from_variant("7b-instruct-v0.2"),
                "bos": "ones",
            },
            "debug": {
                "vision": UmtSpec.from_variant("debug"),
                "qformer": QFormerSpec.from_variant("debug"),
                "mistral": MistralSpec.from_variant("debug"),
                "num_frames": 32,
            },
        }
        if variant not in variants:
            raise UserError(f"VideoChat-T variant {variant!r} is unknown; choose one of {sorted(variants)}")
        return cls(**{**variants[variant], **overrides})

    def __post_init__(self) -> None:
        clip, merge, width = self.clip_frames, self.merge_len, self.qformer.width
        if self.num_frames < clip or self.num_frames % clip:
            raise UserError(
                f"num_frames={self.num_frames} is not a multiple of vision.num_frames={clip}, the frames of a clip; "
                f"choose {max(1, round(self.num_frames / clip)) * clip}"
            )
        if merge < 1 or self.qformer.tokens % merge:
            raise UserError(
                f"qformer.queries + qformer.extra_queries = {self.qformer.tokens} is not divisible by "
                f"merge_len={merge}: a merged token would cross two clips; change one of them"
            )
        if self.tape and self.clips % 2:
            raise UserError(
                f"num_frames={self.num_frames} makes {self.clips} clips, an odd number, which tape=True cannot take; "
                f"choose a multiple of {2 * clip} frames or tape=False"
            )
        if self.tape_clips is not None and (self.tape_clips < 2 or self.tape_clips % 2):
            raise UserError(
                f"tape_clips={self.tape_clips} is no even number above 0; give the clips that the weights were trained "
                "with, 16 for the released model"
            )
        if self.clips_at_once < 1:
            raise UserError(f"clips_at_once={self.clips_at_once} must be at least 1")
        if self.tape and (self.clips * self.qformer.tokens) % merge**3:
            raise UserError(
                f"{self.clips} clips (num_frames={self.num_frames}) of {self.qformer.tokens} query tokens make "
                f"{self.clips * self.qformer.tokens} tokens, which tape=True with merge_len={merge} needs divisible by "
                f"{merge**3}; change num_frames, qformer.queries or qformer.extra_queries"
            )
        if self.tape and width % merge:
            raise UserError(f"merge_len={merge} does not divide qformer.width={width}, which tape=True needs")
        if self.bos not in ("ones", "embedding"):
            raise UserError(f"bos={self.bos!r} is unknown; choose 'ones' (as upstream trains) or 'embedding'")
        if len(self.pixel_mean) != 3 or len(self.pixel_std) != 3 or min(self.pixel_std) <= 0:
            raise UserError(
                f"pixel_mean={self.pixel_mean}, pixel_std={self.pixel_std}: give three numbers each, deviations above 0"
            )

    def group_clips(self, count: int, devices: int) -> tuple[int, int]:
        """In how many groups so many clips are encoded when answering, and how many they are filled up to."""
        groups = -(-count // (self.clips_at_once * devices))
        return groups, count + -count % (groups * devices)

    @property
    def clip_frames(self) -> int:
        """Frames of a clip."""
        return self.vision.num_frames

    @property
    def clips(self) -> int:
        """Clips of a video."""
        return self.num_frames // self.clip_frames

    @property
    def video_tokens(self) -> int:
        """Tokens that a video takes in the language model."""
        return self.clips * self.qformer.tokens // self.merge_len

    @property
    def image_tokens(self) -> int:
        """Tokens that an image takes in the language model (images are not merged)."""
        return self.qformer.tokens
