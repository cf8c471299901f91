"""A VideoChat-T sample: the inputs of a video and a tokenized conversation about it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from timesuite_jax.videochat_t.data.token_row import TokenRow


@dataclass(frozen=True)
class VideoInputs:
    """Model inputs of a video.

    Attributes:
      frames: not normalised.
      seconds: time of each frame, from the start of the video or clip.
      clip_text: BERT ids of the clips' time texts.
      clip_text_mask: True on tokens.
      clip_text_cut: how many tokens of the time texts did not fit.
      duration: seconds of the video or clip.
      video_duration: seconds of the video; None where only frames of it are stored.
    """

    frames: UInt8[np.ndarray, "K F H W 3"]
    seconds: Float[np.ndarray, " T"]
    clip_text: Int[np.ndarray, "K P"]
    clip_text_mask: Bool[np.ndarray, "K P"]
    clip_text_cut: int
    duration: float
    video_duration: float | None = None


@dataclass(frozen=True)
class TokenizedConversation:
    """A conversation laid out in the largest bucket; `length` is the bucket that it needs."""

    row: TokenRow
    length: int
    cuts: tuple[str, ...]


@dataclass(frozen=True)
class Sample:
    """One row of a batch."""

    video: VideoInputs
    conversation: TokenizedConversation

    @property
    def cuts(self) -> tuple[str, ...]:
        """Kinds of the cuts made so that the sample fits."""
        clip_text = ("clip_text",) if self.video.clip_text_cut else ()
        return (*self.conversation.cuts, *clip_text)
