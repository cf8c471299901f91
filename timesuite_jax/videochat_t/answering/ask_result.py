"""An answer to a question about a video, in seconds of the video."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from timesuite_jax.evaluation.calibration_file import UNCALIBRATED, Calibration
from timesuite_jax.evaluation.timeline import Span, Timeline
from timesuite_jax.media.sampling import Clock
from timesuite_jax.videochat_t.answering.timeline_parts import no_span_note

_JSON = (
    "video", "question", "answer", "form", "spans", "captions", "confidences", "happens", "duration", "clip", "long",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class AskResult:
    """A question with its answer; all seconds count from the start of the video.

    Attributes:
      video: path of the file.
      question: text.
      answer: the model's words, with the times of a clip moved to those of the video, see `shift_times`.
      spans: parsed from the answer.
      captions: what the answer states about each span; "" where it states nothing.
      duration: of the video.
      clip: start and end of the part that the model saw; None for all of the video.
      clock: what the seconds are, see `media.sampling`.
      frames: evenly spaced frames of what the model saw, for the timeline.
      generated: the model's words themselves, in which times count from the start of the clip.
      prompt_tokens: number of tokens that the model read.
      answer_tokens: number of tokens that it generated.
      ended: whether the answer ended by itself; False: at the maximum length.
      dropped_turns: number of earlier questions, the first ones, that were left out because they did not fit.
      form: that the answer was constrained to, see `answer_forms`; "free" if it was not.
      confidences: of each span, see `SpanConfidence`; empty for a free answer.
      happens: probability that what the question asks for happens, see `AnswerConfidence`; None for a free answer.
      calibration: temperatures of `confidences` and `happens`.
      long: how a video longer than those of training was shown, see `long_video.strategy`; "whole": like others.
    """

    video: str
    question: str
    answer: str
    spans: tuple[Span, ...]
    captions: tuple[str, ...]
    duration: float
    clip: Span | None = None
    clock: Clock = "pts"
    frames: Sequence[UInt8[np.ndarray, "H W 3"]] = dataclasses.field(default=(), repr=False)
    generated: str = ""
    prompt_tokens: int = 0
    answer_tokens: int = 0
    ended: bool = True
    dropped_turns: int = 0
    form: str = "free"
    confidences: tuple[float, ...] = ()
    happens: float | None = None
    calibration: Calibration = UNCALIBRATED
    long: str = "whole"

    def as_json(self) -> dict[str, Any]:
        """Returns the answer as JSON values."""
        values = {name: getattr(self, name) for name in _JSON}
        return {**values, "calibration": dataclasses.asdict(self.calibration), "unit": "seconds of the video"}

    def timeline(self) -> Timeline:
        """Returns the answer as a strip to draw."""
        start, end = self.clip or (0.0, self.duration)
        return Timeline(
            f"{self.question}  ->  {self.answer}",
            end - start,
            self.spans,
            video=Path(self.video).name,
            start=start,
            frames=self.frames,
            no_span=no_span_note(self.answer),
        )
