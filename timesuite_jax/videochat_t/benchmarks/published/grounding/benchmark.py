"""Temporal grounding on official annotation files: when does the described event happen?"""

from collections.abc import Mapping, Sequence
from typing import Any

from timesuite_jax.data.sources import ReadOptions
from timesuite_jax.data.timepro.source_entry import Dialogue, GroundedQuery, SourceEntry
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import Scores
from timesuite_jax.evaluation.answer_spans import READERS
from timesuite_jax.text import Turn
from timesuite_jax.videochat_t.answering.answer_forms import FORM_OF_TASK
from timesuite_jax.videochat_t.answering.predictor import VideoAnswer, VideoQuestion
from timesuite_jax.videochat_t.benchmarks.grounding_prediction import GroundingPrediction
from timesuite_jax.videochat_t.benchmarks.published.annotation_files import (
    AnnotatedExample,
    coverage_note,
    read_annotation_files,
)
from timesuite_jax.videochat_t.benchmarks.published.details import source_details
from timesuite_jax.videochat_t.benchmarks.published.grounding.grounding_set import GroundingSet
from timesuite_jax.videochat_t.benchmarks.published.published_benchmark import PublishedBenchmark
from timesuite_jax.videochat_t.benchmarks.published.sources import PublishedSources
from timesuite_jax.videochat_t.benchmarks.published.video_root import VideoRoot
from timesuite_jax.videochat_t.benchmarks.span_scores import span_details, span_table


class PublishedGrounding(PublishedBenchmark[AnnotatedExample, GroundingPrediction]):
    """Every question of the annotation files; no true window is changed, also where it extends beyond its video.

    Args:
      of: which benchmark.
      sources: annotation files and videos.
      protocol: "default" or "paper", see `GroundingSet`.

    Raises:
      UserError: a file cannot be read, or there is no folder of videos.
    """

    prediction_type = GroundingPrediction

    def __init__(self, of: GroundingSet, sources: PublishedSources, *, protocol: str = "default") -> None:
        self._set, self.name, self.protocol = of, of.name, protocol
        self.metric_names = tuple(self._table([_EXAMPLE]))
        self._wording = of.paper if protocol == "paper" else of.default
        options = ReadOptions(task=of.task, split=sources.split or self._wording.split)
        self._files = read_annotation_files(of.name, sources.annotation_files(), of.formats, options)
        self._videos = VideoRoot(sources.videos)
        self._missing = self._videos.missing(example.entry.video for example in self._files.examples)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Checksums of the annotation files, the question, and the rule by which answers are read."""
        return {
            "annotations": dict(self._files.checksums),
            "question": self._wording.template,
            "answers": self._wording.reader,
        }

    def examples(self) -> Sequence[AnnotatedExample]:
        """Returns the questions."""
        return self._files.examples

    def prompt(self, example: AnnotatedExample) -> VideoQuestion:
        """Returns a question about a video.

        Raises:
          UserError: it has no true window, or its video is missing.
        """
        entry = example.entry
        query, windows = _query_and_windows(entry)
        if not windows:
            raise UserError(f"{entry.location} has no true window, which {self.name} needs")
        return VideoQuestion(
            self._videos.find(entry.video, entry.clip),
            Turn(self._wording.question(query)),
            form=FORM_OF_TASK[self._set.task],
        )

    def read(self, answer: VideoAnswer, example: AnnotatedExample) -> GroundingPrediction:
        """Parses the spans of an answer."""
        entry = example.entry
        query, windows = _query_and_windows(entry)
        spans = READERS[self._wording.reader](answer.text, answer.duration)
        return GroundingPrediction(
            example.id,
            entry.video,
            query,
            answer.text,
            spans,
            windows,
            answer.duration,
            clip_start=entry.clip[0] if entry.clip else 0.0,
            frames=answer.frames,
            confidences=answer.confidence.of_spans(spans),
            happens=answer.confidence.happens,
        )

    def score(self, predictions: Sequence[GroundingPrediction]) -> Scores:
        """Scores spans; confidence intervals are over videos."""
        table = self._table(predictions)
        return Scores(
            table,
            [prediction.source for prediction in predictions],
            unit="videos",
            coverage=coverage_note(len(predictions), self._files.rows, self._set.sizes),
            details={
                **span_details(predictions, table, self._files.categories),
                **source_details(
                    [one.frames for one in predictions], self._missing, self._files.unreadable, self._set.sizes
                ),
            },
        )

    def submission_rows(self, predictions: Sequence[GroundingPrediction]) -> list[dict[str, Any]] | None:
        """Returns a line for each answer; None if the benchmark has no such form.

        Raises:
          UserError: an entry of the annotations lacks what its line needs.
        """
        if (row_of := self._set.submission) is None:
            return None
        entries = {example.id: example.entry for example in self._files.examples}
        return [row_of(entries[one.id], one.spans) for one in predictions]

    def _table(self, predictions: Sequence[GroundingPrediction]) -> dict[str, Any]:
        table = span_table(predictions, self._set.thresholds)
        if self._set.official is not None:
            table |= self._set.official([one.spans for one in predictions], [one.truth for one in predictions])
        return table


_EXAMPLE = GroundingPrediction("", "", "", "", ((0.0, 1.0),), ((0.0, 1.0),), 1.0)  # for the names of the metrics


def _query_and_windows(entry: SourceEntry) -> tuple[str, tuple[tuple[float, float], ...]]:
    content = entry.content
    if isinstance(content, Dialogue):
        return content.turns[0].question, content.spans[0] or ()
    assert isinstance(content, GroundedQuery)
    return content.query, content.spans
