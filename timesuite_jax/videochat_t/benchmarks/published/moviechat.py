"""MovieChat-1K, global mode: a JSON file a video, {info: {video_path}, global: [{question, answer}]}.

Its published accuracy is what another language model makes of free answers, from the question, the annotated answer and
the model's, which the lines of `--predictions` have. Here answers are compared by words. The question is asked as it is
under both protocols. Questions at a breakpoint, which are about the video so far, are not asked.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from timesuite_jax.data.sources import Skipped, count_reasons
from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor
from timesuite_jax.data.timepro.sources.document import load_document
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import Scores
from timesuite_jax.evaluation.breakdown import break_down
from timesuite_jax.evaluation.prediction_files.unit import ScoredUnit
from timesuite_jax.text import Turn
from timesuite_jax.videochat_t.answering.predictor import VideoAnswer, VideoQuestion
from timesuite_jax.videochat_t.benchmarks.published.annotation_files import coverage_note, file_checksums
from timesuite_jax.videochat_t.benchmarks.published.details import source_details
from timesuite_jax.videochat_t.benchmarks.published.published_benchmark import PublishedBenchmark
from timesuite_jax.videochat_t.benchmarks.published.sources import PublishedSources
from timesuite_jax.videochat_t.benchmarks.published.video_root import VideoRoot

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class OpenQuestion:
    """A question with its annotated answer."""

    id: str
    video: str
    question: str
    answer: str


@dataclass(frozen=True)
class OpenAnswer:
    """A question with the model's answer and the annotated one."""

    id: str
    source: str  # name of the video
    question: str
    answer: str
    reference: str
    frames: int
    duration: float | None = None  # seconds of the video; None in answers stored by earlier versions


class MovieChat(PublishedBenchmark[OpenQuestion, OpenAnswer]):
    """Every global question of the annotation files.

    Args:
      sources: annotation files, or their folder, and videos.
      protocol: how inputs are made; questions and scores are the same under each.

    Raises:
      UserError: a file cannot be read, or there is no folder of videos.
    """

    name, prediction_type = "moviechat", OpenAnswer
    metric_names = ("exact_match", "contains_answer")

    def __init__(self, sources: PublishedSources, *, protocol: str = "default") -> None:
        if sources.split is not None:
            raise UserError(f"--split {sources.split}: a file of {self.name} has one split; leave the option out")
        self.protocol = protocol
        files = sources.annotation_files()
        self._checksums = file_checksums(files)
        found = [one for file in files for one in _read(file)]
        self._questions = [one for one in found if isinstance(one, OpenQuestion)]
        self._unreadable = [one for one in found if isinstance(one, Skipped)]
        if not self._questions:
            names = ", ".join(map(str, sources.annotations))
            reasons = count_reasons(self._unreadable) or "no questions"
            raise UserError(f"{names} has nothing to ask for {self.name}: {reasons}")
        self._videos = VideoRoot(sources.videos)
        self._missing = self._videos.missing(one.video for one in self._questions)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Checksums of the annotation files."""
        return {"annotations": self._checksums, "question": "{question}"}

    def examples(self) -> Sequence[OpenQuestion]:
        """Returns the questions."""
        return self._questions

    def prompt(self, example: OpenQuestion) -> VideoQuestion:
        """Returns a question about a video.

        Raises:
          UserError: its video is missing.
        """
        return VideoQuestion(self._videos.find(example.video), Turn(example.question))

    def read(self, answer: VideoAnswer, example: OpenQuestion) -> OpenAnswer:
        """Stores the answer as it is."""
        return OpenAnswer(
            example.id, example.video, example.question, answer.text, example.answer, answer.frames, answer.duration
        )

    def score(self, predictions: Sequence[OpenAnswer]) -> Scores:
        """Compares words; confidence intervals are over videos."""
        pairs = [(_words(one.answer), _words(one.reference)) for one in predictions]
        table = {
            "exact_match": np.array([float(answer == reference) for answer, reference in pairs]),
            "contains_answer": np.array([float(reference in answer) for answer, reference in pairs]),
        }
        details = source_details([one.frames for one in predictions], self._missing, self._unreadable, {})
        units = [ScoredUnit(one.id, one.source, one.duration) for one in predictions]
        details["breakdown"] = break_down(table, units)
        coverage = coverage_note(len(predictions), len(self._questions) + len(self._unreadable), {})
        return Scores(table, [one.source for one in predictions], unit="videos", details=details, coverage=coverage)


def _read(file: Path) -> Iterator[OpenQuestion | Skipped]:
    for row in load_document(file).records():
        try:
            video = row.field("info").field("video_path").name()
            questions = row.field("global").items()
        except BadField as error:
            yield Skipped(f"{file.name}, {error.location}", error.reason)
            continue
        for number, one in enumerate(questions):
            yield _parse(one, file, video, number)


def _parse(one: Cursor, file: Path, video: str, number: int) -> OpenQuestion | Skipped:
    try:
        question, answer = one.field("question").text(), one.field("answer").text()
    except BadField as error:
        return Skipped(f"{file.name}, {error.location}", error.reason)
    return OpenQuestion(f"{file.name}#{video}.{number}", video, question, answer)


def _words(text: str) -> str:
    """Words in lower case between spaces."""
    return f" {' '.join(_WORD.findall(text.lower()))} "
