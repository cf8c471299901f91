"""Temporal grounding on corpora, as in Charades-STA: when does the event of a question happen?"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from timesuite_jax.data.corpora.record import Record
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import COUNTS, Benchmark, Scores, Span, Timeline
from timesuite_jax.metrics import GroundingScores, grounding_scores, hull_iou, round_number_fractions
from timesuite_jax.text import parse_spans
from timesuite_jax.videochat_t.answering.predictor import VideoAnswer, VideoQuestion
from timesuite_jax.videochat_t.benchmarks.corpus_examples import CorpusExample, CorpusExamples

Control = Literal["none", "foreign_frames", "rescaled_stamps"]
_METRICS = tuple(GroundingScores(np.zeros(1), np.zeros(1, bool)).table())
GROUNDING_METRICS = (*_METRICS, *COUNTS)  # of every result


@dataclasses.dataclass(frozen=True)
class GroundingPrediction:
    """A question with its answer; times are in seconds, in the scale of the time stamps that the model saw."""

    id: str
    source: str  # name of the video, or of the record if it has none
    question: str
    answer: str
    spans: tuple[Span, ...]  # parsed from the answer; the first is scored
    truth: tuple[Span, ...]
    duration: float

    @property
    def span(self) -> Span | None:
        """The span that is scored."""
        return self.spans[0] if self.spans else None

    def timeline(self) -> Timeline:
        """Returns the prediction as a strip to draw."""
        iou = hull_iou(np.array([self.span]), np.array([self.truth[0]]))[0] if self.span else 0.0
        title = f"{self.question}  ->  {self.answer}"
        return Timeline(title, self.duration, self.spans, self.truth, f"IoU {iou:.2f}")


class GroundingBenchmark(Benchmark[CorpusExample, VideoQuestion, VideoAnswer, GroundingPrediction]):
    """The first question of each record, scored against the record's first span.

    Args:
      folders: corpora whose records have spans.
      limit: records of each corpus, from the first; None for all.
      control: what is changed in the model's input, see `VideoQuestion`.

    Raises:
      UserError: a corpus is missing or damaged.
    """

    name, metric_names, prediction_type = "grounding", _METRICS, GroundingPrediction

    def __init__(self, folders: Sequence[str], *, limit: int | None = None, control: Control = "none") -> None:
        self._control, self._limit = control, limit
        self._examples = CorpusExamples(folders, limit)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Corpora and control; with foreign frames the limit decides which video is the last."""
        limit = self._limit if self._control == "foreign_frames" else None
        return {**self._examples.settings, "control": self._control, "limit": limit}

    def examples(self) -> CorpusExamples:
        """Returns the records."""
        return self._examples

    def prompt(self, example: CorpusExample) -> VideoQuestion:
        """Returns the question of a record.

        Raises:
          UserError: it has no question or no span, or there is no other video whose frames could be shown.
        """
        record = example.record
        if not (record.turns and record.turns[0].question and record.spans):
            raise UserError(f"record {record.id} has no question with a true span; evaluate a corpus that has them")
        frames_of = self._next_video(example) if self._control == "foreign_frames" else None
        return VideoQuestion(record, record.turns[0], frames_of, rescale=self._control == "rescaled_stamps")

    def read(self, answer: VideoAnswer, example: CorpusExample) -> GroundingPrediction:
        """Parses the spans of an answer."""
        record, scale = example.record, answer.time_scale
        return GroundingPrediction(
            record.id,
            _source(record),
            record.turns[0].question,
            answer.text,
            tuple((span.start, span.end) for span in parse_spans(answer.text)),
            tuple((start * scale, end * scale) for start, end in record.spans),
            answer.duration,
        )

    def score(self, predictions: Sequence[GroundingPrediction]) -> Scores:
        """Scores the first spans; confidence intervals are over videos, and round numbers are counted."""
        spans = [prediction.span for prediction in predictions]
        scores = grounding_scores(spans, [prediction.truth[0] for prediction in predictions])
        videos = [prediction.source for prediction in predictions]
        return Scores(scores.table(), videos, details={"round_numbers": dict(round_number_fractions(spans))})

    def _next_video(self, example: CorpusExample) -> Record:
        """The next record of another video; after the last record comes the first."""
        own, count = _source(example.record), len(self._examples)
        for offset in range(1, count):
            record = self._examples.read((example.place + offset) % count)
            if _source(record) != own:
                return record
        raise UserError("foreign_frames shows frames of another video; evaluate records of at least two videos")


def _source(record: Record) -> str:
    return record.source or record.id
