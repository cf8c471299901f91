"""Dense captioning on official annotation files: what happens in the video, and when?"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from timesuite_jax.data.sources import ReadOptions
from timesuite_jax.data.timepro.source_entry import TimedEvents
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import Scores
from timesuite_jax.evaluation.breakdown import break_down, round_numbers
from timesuite_jax.evaluation.prediction_files.unit import ScoredUnit
from timesuite_jax.metrics.captions.dense import dense_caption_metrics, dense_caption_scores
from timesuite_jax.storage.text_file import read_text
from timesuite_jax.text import Turn
from timesuite_jax.videochat_t.answering.predictor import VideoAnswer, VideoQuestion
from timesuite_jax.videochat_t.answering.requirements import Requirements
from timesuite_jax.videochat_t.benchmarks.published.annotation_files import (
    AnnotatedExample,
    coverage_note,
    file_checksums,
    read_annotation_files,
)
from timesuite_jax.videochat_t.benchmarks.published.dense_captions.caption_set import TASK, DenseCaptionSet
from timesuite_jax.videochat_t.benchmarks.published.dense_captions.event_answers import EVENT_READERS
from timesuite_jax.videochat_t.benchmarks.published.dense_captions.event_times import complete_events
from timesuite_jax.videochat_t.benchmarks.published.dense_captions.prediction import (
    DenseCaptionPrediction,
    event_breakdown,
)
from timesuite_jax.videochat_t.benchmarks.published.details import source_details
from timesuite_jax.videochat_t.benchmarks.published.published_benchmark import PublishedBenchmark
from timesuite_jax.videochat_t.benchmarks.published.sources import PublishedSources
from timesuite_jax.videochat_t.benchmarks.published.video_root import VideoRoot


class PublishedDenseCaptions(PublishedBenchmark[AnnotatedExample, DenseCaptionPrediction]):
    """Every annotated video; one that several annotators or files describe is compared with each of them.

    Args:
      of: which benchmark.
      sources: annotation files and videos.
      protocol: "default" or "paper", see `DenseCaptionSet`.

    Raises:
      UserError: a file cannot be read, or there is no folder of videos.
    """

    prediction_type = DenseCaptionPrediction
    requirements = Requirements(answer_tokens=512)  # as the original

    def __init__(self, of: DenseCaptionSet, sources: PublishedSources, *, protocol: str = "default") -> None:
        self._set, self.name, self.protocol = of, of.name, protocol
        self.metric_names = (*dense_caption_metrics(), "parse_failures")
        self._wording = of.wording(protocol)
        files = sources.annotation_files()
        lists = [file for file in files if of.id_lists and file.suffix == ".txt"]
        self._files = read_annotation_files(
            of.name,
            [file for file in files if file not in lists],
            of.formats,
            ReadOptions(task=TASK, split=sources.split, annotators=of.annotators),
        )
        self._checksums = {**self._files.checksums, **file_checksums(lists)}
        self._examples = _listed(self._files.examples, lists, of.name)
        self._videos = VideoRoot(sources.videos)
        self._missing = self._videos.missing(example.entry.video for example in self._examples)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Checksums of the annotation files, the question, and the rule by which answers are read."""
        return {
            "annotations": self._checksums,
            "question": self._wording.question,
            "answers": self._wording.reader,
        }

    def examples(self) -> Sequence[AnnotatedExample]:
        """Returns the annotated videos."""
        return self._examples

    def prompt(self, example: AnnotatedExample) -> VideoQuestion:
        """Returns the question about a video.

        Raises:
          UserError: its video is missing.
        """
        video = self._videos.find(example.entry.video)
        return VideoQuestion(video, Turn(self._wording.question), form=self._set.form)

    def read(self, answer: VideoAnswer, example: AnnotatedExample) -> DenseCaptionPrediction:
        """Parses the events of an answer."""
        content = example.entry.content
        assert isinstance(content, TimedEvents)
        return DenseCaptionPrediction(
            example.id,
            example.entry.video,
            self._wording.question,
            answer.text,
            EVENT_READERS[self._wording.reader](answer.text, answer.duration),
            complete_events(content, answer.duration),
            answer.duration,
            answer.frames,
        )

    def score(self, predictions: Sequence[DenseCaptionPrediction]) -> Scores:
        """Scores the events of each video; confidence intervals are over videos."""
        found = dense_caption_scores([one.video_events() for one in predictions], protocol=self.protocol)
        table = {
            **found.per_video,
            "parse_failures": np.array([not one.events for one in predictions], np.float64),
        }
        units = [
            ScoredUnit(one.id, one.source, one.duration, categories=self._files.categories(one.id))
            for one in predictions
        ]
        unreadable = self._files.unreadable
        return Scores(
            table,
            [one.source for one in predictions],
            unit="videos",
            aggregates=found.corpus,
            coverage=coverage_note(len(predictions), len(self._examples) + len(unreadable), self._set.sizes),
            details={
                "round_numbers": round_numbers([span[:2] for one in predictions for span in one.events]),
                "round_numbers_of_truth": round_numbers([span[:2] for one in predictions for span in one.truth]),
                "breakdown": {**break_down(table, units), **event_breakdown(predictions)},
                **source_details([one.frames for one in predictions], self._missing, unreadable, self._set.sizes),
            },
        )


def _listed(examples: Sequence[AnnotatedExample], lists: Sequence[Path], name: str) -> Sequence[AnnotatedExample]:
    """The examples whose videos are in one of the lists; all of them without a list.

    Raises:
      UserError: none is.
    """
    if not lists:
        return examples
    ids = {line.strip() for file in lists for line in read_text(file, "a list of ids").splitlines()}
    found = [example for example in examples if example.entry.video in ids]
    if not found:
        shown = ", ".join(file.name for file in lists)
        raise UserError(f"{shown} lists no video of the annotations of {name}; give the lists of ids of its release")
    return found
