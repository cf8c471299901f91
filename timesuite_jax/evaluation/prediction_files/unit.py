"""A scored question or video: which video it is about, and how long and where its true windows are."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ScoredUnit:
    """One question, query or video.

    Attributes:
      id: its id in the files.
      video: its video; confidence intervals draw whole videos.
      duration: seconds of the video; None if the truth does not contain it.
      span_length: seconds of its true windows together; None if it has none.
      middle: middle of its first true window, in seconds.
      answer: what is predicted, as JSON: windows, or a letter; None where it is not kept, or there is no prediction.
      truth: the same of the ground truth.
      categories: of the question in its benchmark, such as its task.
    """

    id: str
    video: str
    duration: float | None = None
    span_length: float | None = None
    middle: float | None = None
    answer: Any = None
    truth: Any = None
    categories: tuple[str, ...] = ()
