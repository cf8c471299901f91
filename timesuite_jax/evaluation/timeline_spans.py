"""What a timeline shows: true and predicted spans of one question about a video, and frames of the video."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import UInt8

Span = tuple[float, float]  # start and end in seconds


@dataclass(frozen=True)
class Timeline:
    """One question about one video.

    Attributes:
      title: e.g. the question and the answer.
      duration: seconds of the video, or of the part that is drawn.
      predicted: spans of the answer, in seconds of the video.
      truth: true windows, if known.
      note: drawn at the right, e.g. "IoU 0.71".
      video: name of the video.
      start: second of the video at which the drawn part begins.
      frames: evenly spaced frames of the part that is drawn; may be empty.
      no_span: what is written where the answer has no span.
    """

    title: str
    duration: float
    predicted: Sequence[Span]
    truth: Sequence[Span] = ()
    note: str = ""
    video: str = ""
    start: float = 0.0
    frames: Sequence[UInt8[np.ndarray, "H W 3"]] = field(default=(), repr=False)
    no_span: str = "no span in the answer"

    @property
    def end(self) -> float:
        """Second of the video at which the drawn part ends."""
        return self.start + max(self.duration, 1e-3)
