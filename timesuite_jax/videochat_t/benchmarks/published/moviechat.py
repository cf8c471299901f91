"""MovieChat-1K: a JSON file a video, {info: {video_path, fps}, global: [{question, answer}], breakpoint: [{time,
question, answer}]}. Questions in global mode are about the whole video, those in breakpoint mode about the video up to
the frame of number `time`.

Its published accuracy is what another language model makes of free answers, from the question, the annotated answer and
the model's, which the lines of `--predictions` have. Here answers are compared by words. The question is asked as it is
under both protocols.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

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

Mode = Literal["global", "breakpoint"]
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class OpenQuestion:
    """A question with its annotated answer; `end` is the second up to which it is about the video, None for all."""

    id: str
    video: str
    question: str
    answer: str
    end: float | None = None


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


MOVIECHAT_NAMES: Mapping[Mode, str] = {"global": "moviechat", "breakpoint": "moviechat_breakpoint"}
"""For `--benchmark`."""


class MovieChat(PublishedBenchmark[OpenQuestion, OpenAnswer]):
    """Every question of one mode of the annotation files.

    Args:
      mode: which questions are asked.
      sources: annotation files, or their folder, and videos.
      protocol: how inputs are made; questions and scores are the same under each.

    Raises:
      UserError: a file cannot be read, or there is no folder of videos.
    """

    prediction_type = OpenAnswer
    metric_names = ("exact_match", "contains_answer")

    def __init__(self, mode: Mode, sources: PublishedSources, *, protocol: str = "default") -> None:
        self.name = MOVIECHAT_NAMES[mode]
        if sources.split is not None:
            raise UserError(f"--split {sources.split}: a file of {self.name} has one split; leave the option out")
        self.protocol = protocol
        files = sources.annotation_files()
        self._checksums = file_checksums(files)
        found = [one for file in files for one in _read(file, mode)]
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
        clip = None if example.end is None else (0.0, example.end)
        return VideoQuestion(self._videos.find(example.video, clip), Turn(example.question))

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


def _read(file: Path, mode: Mode) -> Iterator[OpenQuestion | Skipped]:
    for row in load_document(file).records():
        try:
            video = row.field("info").field("video_path").name()
            rate = row.field("info").field("fps").positive() if mode == "breakpoint" else None
            questions = row.field(mode).items()
        except BadField as error:
            yield Skipped(f"{file.name}, {error.location}", error.reason)
            continue
        for number, one in enumerate(questions):
            yield _parse(one, file, video, number, rate)


def _parse(one: Cursor, file: Path, video: str, number: int, rate: float | None) -> OpenQuestion | Skipped:
    try:
        question, answer = one.field("question").text(), one.field("answer").text()
        end = None if rate is None else (one.field("time").number() + 1) / rate  # the end of the frame
    except BadField as error:
        return Skipped(f"{file.name}, {error.location}", error.reason)
    return OpenQuestion(f"{file.name}#{video}.{number}", video, question, answer, end)


def _words(text: str) -> str:
    """Words in lower case between spaces."""
    return f" {' '.join(_WORD.findall(text.lower()))} "
