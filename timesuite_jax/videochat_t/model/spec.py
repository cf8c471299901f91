"""Sizes and options of VideoChat-T."""

import dataclasses
from typing import Any, Literal, get_args

from timesuite_jax.errors import UserError
from timesuite_jax.models.text.mistral_spec import MistralSpec
from timesuite_jax.models.text.qformer_spec import QFormerSpec
from timesuite_jax.models.vision import UmtSpec, VideoEncoderSpec
from timesuite_jax.text import ClipTextPadding


@dataclasses.dataclass(frozen=True)
class VideoChatTSpec:
    """The three models, and how they are connected.

    `tape=True` is upstream's `LinearProAda` (the released model), `tape=False` its `LinearP`.
    """

    vision: VideoEncoderSpec
    qformer: QFormerSpec
    mistral: MistralSpec
    num_frames: int = 128  # of a video; a multiple of `vision.num_frames`, the frames of a clip
    merge_len: int = 4  # query tokens that are merged into one token of the language model
    tape: bool = True
    tape_clips: int | None = None  # clips that TAPE's weights were trained with; None: those of `num_frames`
    clips_at_once: int = 16  # of each device, when answering; longer videos are encoded in groups
    bos: Literal["embedding", "ones"] = "embedding"  # at position 0; "ones" as upstream trains
    clip_text_padding: ClipTextPadding = "right"  # of the Q-Former's texts, see `text.clip_text`; "left_*" as upstream
    train_vision: bool = False  # upstream freezes the video encoder in all stages

    @classmethod
    def from_variant(cls, variant: str, **overrides: Any) -> "VideoChatTSpec":
        """Returns the spec of a named variant, with fields replaced by `overrides`.

        "released" is upstream's model, with "ones" at position 0 and clip texts padded on the left; "debug" has all
        parts at small sizes, and inputs that do not depend on other clips.

        Raises:
          UserError: if the variant is unknown, or the sizes are inconsistent.
        """
        variants: dict[str, dict[str, Any]] = {
            "released": {
                "vision": UmtSpec.from_variant("large"),
                "qformer": QFormerSpec.from_variant("base"),
                "mistral": MistralSpec.from_variant("7b-instruct-v0.2"),
                "bos": "ones",
                "clip_text_padding": "left_per_video",
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
        """Validates the sizes and options.

        Raises:
          UserError: naming the fields that are inconsistent or out of range.
        """
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
                f"num_frames={self.num_frames} makes {self.clips} clips, but tape=True needs an even number; "
                f"choose a multiple of {2 * clip} frames or tape=False"
            )
        if self.tape_clips is not None and (self.tape_clips < 2 or self.tape_clips % 2):
            raise UserError(
                f"tape_clips={self.tape_clips} must be even and above 0; give the clips that the weights were trained "
                "with, 16 for the released model"
            )
        if self.clips_at_once < 1:
            raise UserError(f"clips_at_once={self.clips_at_once} must be at least 1")
        if self.tape and (self.clips * self.qformer.tokens) % merge**3:
            raise UserError(
                f"{self.clips} clips (num_frames={self.num_frames}) of {self.qformer.tokens} query tokens make "
                f"{self.clips * self.qformer.tokens} tokens, which must be divisible by {merge**3} for tape=True with "
                f"merge_len={merge}; change num_frames, qformer.queries or qformer.extra_queries"
            )
        if self.tape and width % merge:
            raise UserError(f"merge_len={merge} does not divide qformer.width={width}; change one, or set tape=False")
        if self.bos not in ("ones", "embedding"):
            raise UserError(f"bos={self.bos!r} is unknown; choose 'ones' (as upstream trains) or 'embedding'")
        if self.clip_text_padding not in get_args(ClipTextPadding):
            known = ", ".join(get_args(ClipTextPadding))
            raise UserError(f"clip_text_padding={self.clip_text_padding!r} is unknown; choose one of {known}")

    def group_clips(self, count: int, devices: int) -> tuple[int, int]:
        """Returns the number of groups in which `count` clips are encoded when answering, and their padded number."""
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
        """Tokens of a video in the language model."""
        return self.clips * self.qformer.tokens // self.merge_len

    @property
    def image_tokens(self) -> int:
        """Tokens of an image in the language model (images are not merged)."""
        return self.qformer.tokens
