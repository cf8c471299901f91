"""The events of a video as the model describes them and as they are annotated, and the scores of parts of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from timesuite_jax.evaluation.breakdown import break_down
from timesuite_jax.evaluation.prediction_files.unit import ScoredUnit
from timesuite_jax.metrics.captions.dense import Event, VideoEvents, event_recalls
from timesuite_jax.videochat_t.benchmarks.published.dense_captions.event_times import CaptionedSpan


@dataclass(frozen=True)
class DenseCaptionPrediction:
    """The answer about one video.

    Attributes:
      id: of the row of the annotation file.
      source: name of the video.
      question: that was asked.
      answer: of the model.
      events: read from the answer; (start, end, caption), in seconds.
      truth: annotated events.
      duration: seconds of the video.
      frames: different frames that the model saw.
    """

    id: str
    source: str
    question: str
    answer: str
    events: tuple[CaptionedSpan, ...]
    truth: tuple[CaptionedSpan, ...]
    duration: float
    frames: int = 0

    def video_events(self) -> VideoEvents:
        """Returns the events as the metrics take them."""
        predicted, truth = ([Event(*event) for event in events] for events in (self.events, self.truth))
        return VideoEvents(self.id, predicted, truth, self.duration)


def event_breakdown(predictions: Sequence[DenseCaptionPrediction]) -> dict[str, Any]:
    """Returns the recall of true events, the mean over IoU thresholds, by their length and position."""
    recalls, units = [], []
    for prediction in predictions:
        recalls.append(event_recalls(prediction.video_events().overlaps()))
        units += [
            ScoredUnit(prediction.id, prediction.source, prediction.duration, end - start, (start + end) / 2)
            for start, end, _ in prediction.truth
        ]
    parts = break_down({"recall": np.concatenate(recalls)}, units)
    return {name: parts[name] for name in ("span_length", "position") if name in parts}
