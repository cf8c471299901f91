"""What is known of a video before it is decided how to show it."""

import dataclasses
import functools
from pathlib import Path

import numpy as np
from jaxtyping import Float

from timesuite_jax.generation.grammar.tables import FREE
from timesuite_jax.media import VideoIndex, index_video
from timesuite_jax.timing.clips import Clip, clip_window
from timesuite_jax.videochat_t.answering.answer_forms import SPANS
from timesuite_jax.videochat_t.answering.encodings import content_hash
from timesuite_jax.videochat_t.answering.question_forms import form_of_question


@dataclasses.dataclass(frozen=True)
class LongVideo:
    """A video, with the times of its frames.

    Attributes:
      path: of the file.
      content: hash of it.
      times: presentation time of every frame.
      duration: seconds of the video.
      clip: the part that is asked about; None for all of it.
      window: seconds that are shown at a time.
    """

    path: str
    content: str
    times: Float[np.ndarray, " frames"]
    duration: float
    clip: Clip | None
    window: float

    @property
    def part(self) -> Clip:
        """Start and end of what is asked about, in seconds of the video."""
        return clip_window(self.clip, self.duration)

    @property
    def shown(self) -> float:
        """Seconds of what is asked about."""
        return self.part[1] - self.part[0]


def index_long_video(video: str | Path, clip: Clip | None, window: float) -> LongVideo:
    """Reads the times of a video's frames; those of the latest videos are kept.

    Raises:
      UserError: the video cannot be used.
    """
    content = content_hash(video)
    index = _index(str(video), content)
    return LongVideo(str(video), content, index.times, index.duration, clip, window)


def window_hindrance(question: str, *, constrained: bool, follows: bool) -> str:
    """Why a question cannot be answered by windows; empty if it can.

    Args:
      question: text.
      constrained: whether answers have the form of their question, which is where confidences come from.
      follows: whether the question follows on from earlier ones.
    """
    if not constrained:
        return "compares the confidences of answers, which free answers and those of the protocol paper lack"
    if follows:
        return "does not continue earlier questions, whose answers are of other windows"
    if (form := form_of_question(question)) != SPANS:
        kind = "free" if form == FREE else form
        return f"answers questions for the time of an event, and the answer to {question!r} is of the form {kind!r}"
    return ""


@functools.lru_cache(maxsize=4)
def _index(video: str, content: str) -> VideoIndex:
    del content  # a part of the key: the file may be another one under the same name
    return index_video(video, name=video)
