"""Temporal grounding on corpora, as in Charades-STA: when does the event of a question happen?"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from timesuite_jax.data.corpora.record import Record
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import COUNTS, Benchmark, Scores, Span, Timeline
from timesuite_jax.metrics import GroundingScores, grounding_scores, hull_iou, round_number_fractions
from timesuite_jax.text import parse_spans
from timesuite_jax.videochat_t.answering.predictor import VideoAnswer, VideoQuestion
from timesuite_jax.videochat_t.answering.upstream_answers import upstream_grounding
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
      protocol: "paper" parses answers as the original does; the model's inputs are the predictor's.

    Raises:
      UserError: a corpus is missing or damaged.
    """

    name, metric_names, prediction_type = "grounding", _METRICS, GroundingPrediction
    protocols = ("default", "paper")

    def __init__(
        self,
        folders: Sequence[str],
        *,
        limit: int | None = None,
        control: Control = "none",
        protocol: str = "default",
    ) -> None:
        self._control, self._limit, self.protocol = control, limit, protocol
        self._examples = CorpusExamples(folders, limit)
        self._donor: tuple[str, Record] | None = None  # source of the video asked about, record whose frames are shown

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
          UserError: it has no question or no span.
        """
        known = example.annotations
        if not (known.turns and known.turns[0].question and known.spans):
            raise UserError(f"record {known.id} has no question with a true span; evaluate a corpus that has them")
        frames_of = self._other_videos(example) if self._control == "foreign_frames" else None
        return VideoQuestion(example.record, known.turns[0], frames_of, rescale=self._control == "rescaled_stamps")

    def read(self, answer: VideoAnswer, example: CorpusExample) -> GroundingPrediction:
        """Parses the spans of an answer."""
        known, scale = example.annotations, answer.time_scale
        return GroundingPrediction(
            known.id,
            known.source,
            known.turns[0].question,
            answer.text,
            _upstream_spans(answer.text) if self.protocol == "paper" else _spans(answer.text, answer.duration),
            tuple((start * scale, end * scale) for start, end in known.spans),
            answer.duration,
        )

    def score(self, predictions: Sequence[GroundingPrediction]) -> Scores:
        """Scores the first spans; confidence intervals are over videos, and round numbers are counted."""
        spans = [prediction.span for prediction in predictions]
        scores = grounding_scores(spans, [prediction.truth[0] for prediction in predictions])
        videos = [prediction.source for prediction in predictions]
        return Scores(scores.table(), videos, details={"round_numbers": dict(round_number_fractions(spans))})

    def _other_videos(self, example: CorpusExample) -> Iterator[Record]:
        """Records of other videos, from the next one on; after the last record comes the first.

        The one that was used last comes first as long as the video is the same: it need not be read again.
        """
        own, count = example.annotations.source, len(self._examples)
        if self._donor is not None and self._donor[0] == own:
            yield self._donor[1]
        for offset in range(1, count):
            try:
                record = self._examples.read((example.place + offset) % count)
            except UserError:  # reported as a dropped example of its own
                continue
            if (record.source or record.id) != own:
                self._donor = own, record
                yield record


def _spans(text: str, duration: float) -> tuple[Span, ...]:
    return tuple((span.start, span.end) for span in parse_spans(text, duration=duration))


def _upstream_spans(text: str) -> tuple[Span, ...]:
    """The first span, if any; none where the original's parser raises."""
    return tuple((start, end) for start, end in upstream_grounding(text).value or ())
