"""A question about when something happens, with the model's answer and the truth."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8

from timesuite_jax.evaluation import Span, Timeline
from timesuite_jax.evaluation.prediction_files.unit import ScoredUnit
from timesuite_jax.metrics import best_iou
from timesuite_jax.videochat_t.answering.timeline_parts import no_span_note


@dataclasses.dataclass(frozen=True)
class GroundingPrediction:
    """A question with its answer; times are in seconds, in the scale of the time stamps that the model saw."""

    id: str
    source: str  # name of the video, or of the record if it has none
    question: str
    answer: str
    spans: tuple[Span, ...]  # parsed from the answer, best first
    truth: tuple[Span, ...]  # true windows
    duration: float
    clip_start: float = 0.0  # second of the video from which the times count
    frames: int = 0  # different frames that the model saw
    confidences: tuple[float, ...] = ()  # of the spans, see `SpanConfidence`; none for a free answer
    happens: float | None = None  # probability, see `AnswerConfidence`

    @property
    def span(self) -> Span | None:
        """The span that R@1 and mean IoU score."""
        return self.spans[0] if self.spans else None

    def unit(self) -> ScoredUnit:
        """Returns what breakdowns of scores use: the length of the video, and of the true windows."""
        length = sum(end - start for start, end in self.truth)
        return ScoredUnit(self.id, self.source, self.duration, length, sum(self.truth[0]) / 2)

    def timeline(self, frames: Sequence[UInt8[np.ndarray, "H W 3"]] = ()) -> Timeline:
        """Returns the prediction as a strip to draw, below evenly spaced frames of its video."""
        iou = best_iou(self.span, self.truth) if self.span else 0.0
        shift = self.clip_start
        spans, truth = (tuple((a + shift, b + shift) for a, b in of_one) for of_one in (self.spans, self.truth))
        return Timeline(
            f"{self.question}  ->  {self.answer}",
            self.duration,
            spans,
            truth,
            f"IoU {iou:.2f}",
            video=self.source,
            start=shift,
            frames=frames,
            no_span=no_span_note(self.answer),
        )
