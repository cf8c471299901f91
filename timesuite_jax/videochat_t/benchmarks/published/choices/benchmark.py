"""Multiple choice on official annotation files: which option is right?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from timesuite_jax.data.choices.choice_question import ChoiceQuestion
from timesuite_jax.data.sources import Skipped, count_reasons
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import Scores
from timesuite_jax.evaluation.breakdown import break_down
from timesuite_jax.evaluation.prediction_files.unit import ScoredUnit
from timesuite_jax.text import Turn
from timesuite_jax.videochat_t.answering.predictor import VideoAnswer, VideoQuestion
from timesuite_jax.videochat_t.benchmarks.choice_answers import CHOICE_READERS
from timesuite_jax.videochat_t.benchmarks.published.annotation_files import coverage_note, file_checksums
from timesuite_jax.videochat_t.benchmarks.published.choices.choice_prediction import (
    ChoicePrediction,
    category_metric,
    choice_table,
    group_table,
    task_mean_accuracy,
)
from timesuite_jax.videochat_t.benchmarks.published.choices.choice_set import ChoiceSet
from timesuite_jax.videochat_t.benchmarks.published.choices.subtitle_files import SubtitleFiles
from timesuite_jax.videochat_t.benchmarks.published.details import source_details
from timesuite_jax.videochat_t.benchmarks.published.published_benchmark import PublishedBenchmark
from timesuite_jax.videochat_t.benchmarks.published.sources import PublishedSources
from timesuite_jax.videochat_t.benchmarks.published.video_root import VideoRoot


class PublishedChoice(PublishedBenchmark[ChoiceQuestion, ChoicePrediction]):
    """Every question of the annotation files.

    Args:
      of: which benchmark.
      sources: annotation files and videos.
      protocol: "default" or "paper", see `ChoiceSet`.

    Raises:
      UserError: a file cannot be read, or there is no folder of videos.
    """

    prediction_type = ChoicePrediction

    def __init__(self, of: ChoiceSet, sources: PublishedSources, *, protocol: str = "default") -> None:
        if sources.split is not None:
            raise UserError(f"--split {sources.split}: a file of {of.name} has one split; leave the option out")
        self._set, self.name, self.protocol = of, of.name, protocol
        self._wording = of.paper if protocol == "paper" else of.default
        self.requirements = self._wording.requirements
        files = sources.annotation_files()
        self._checksums = file_checksums(files)
        found = list(of.read(files))
        self._questions = [one for one in found if isinstance(one, ChoiceQuestion)]
        skipped = [one for one in found if isinstance(one, Skipped)]
        self._unreadable = [one for one in skipped if not one.excluded]
        self._excluded = [one for one in skipped if one.excluded]
        if not self._questions:
            names = ", ".join(map(str, sources.annotations))
            raise UserError(f"{names} has nothing to ask for {of.name}: {count_reasons(skipped) or 'no rows'}")
        if len({one.id for one in self._questions}) < len(self._questions):
            raise UserError(f"{', '.join(self._checksums)} has two questions of one id; give each file once")
        self._categories = sorted({name for one in self._questions for name in one.categories})
        self.metric_names = (
            *("accuracy", "parse_failures"),
            *map(category_metric, self._categories),
            *(["group_score"] if of.grouped else []),
            *(["task_mean_accuracy"] if of.task_mean else []),
        )
        self._videos = VideoRoot(sources.videos)
        self._missing = self._videos.missing(one.video for one in self._questions)
        self._subtitles = SubtitleFiles(sources.videos) if self._wording.subtitles else None
        if self._subtitles and not any(map(self._subtitles.find, self._questions)):
            raise UserError(
                f"{sources.videos} has no file of subtitles such as {self._questions[0].subtitles}, which {of.name} "
                f"needs; unpack the subtitles of its release there, or choose {of.name.removesuffix('_subtitles')}"
            )

    @property
    def settings(self) -> Mapping[str, Any]:
        """Checksums of the annotation files, the question, and the rule by which answers are read."""
        wording = self._wording
        return {
            "annotations": self._checksums,
            "question": wording.template,
            "option": wording.option,
            "layout": wording.layout.opening + wording.layout.first_question if wording.layout else None,
            "answer_prompt": wording.answer_prompt,
            "times": "video" if wording.video_times else "clip",
            "answers": wording.reader,
            **({"subtitles": asdict(wording.subtitles)} if wording.subtitles else {}),
        }

    def examples(self) -> Sequence[ChoiceQuestion]:
        """Returns the questions."""
        return self._questions

    def prompt(self, example: ChoiceQuestion) -> VideoQuestion:
        """Returns a question about a video.

        Raises:
          UserError: its video is missing, or its subtitles cannot be read.
        """
        wording = self._wording
        subtitles = self._subtitles.prompt(example, wording.subtitles) if self._subtitles else None
        return VideoQuestion(
            self._videos.find(example.video, example.clip),
            Turn(wording.question(example)),
            time_offset=example.clip[0] if example.clip and wording.video_times else 0.0,
            layout=wording.layout_of(subtitled=subtitles is not None),
            answer_prompt=wording.answer_prompt,
            subtitles=subtitles,
        )

    def read(self, answer: VideoAnswer, example: ChoiceQuestion) -> ChoicePrediction:
        """Finds the option that an answer chooses."""
        return ChoicePrediction(
            example.id,
            example.video,
            example.question,
            example.options,
            answer.text,
            CHOICE_READERS[self._wording.reader](answer.text, example.options),
            example.answer,
            example.categories,
            example.group,
            example.structure,
            answer.frames,
            answer.duration,
        )

    def score(self, predictions: Sequence[ChoicePrediction]) -> Scores:
        """Scores all questions and those of each category; confidence intervals are over videos."""
        table = choice_table(predictions, self._categories)
        parts = {name: table[name] for name in ("accuracy", "parse_failures")}
        if self._set.grouped:
            groups = group_table(predictions, protocol=self.protocol)
            table, parts = table | groups, parts | groups
        units = [ScoredUnit(one.id, one.source, one.duration, categories=one.categories) for one in predictions]
        return Scores(
            table,
            [prediction.source for prediction in predictions],
            unit="videos",
            aggregates={"task_mean_accuracy": task_mean_accuracy(table, self._categories)}
            if self._set.task_mean
            else {},
            coverage=coverage_note(len(predictions), len(self._questions) + len(self._unreadable), self._set.sizes),
            details={
                **({"questions_without_subtitles": self._count_unsubtitled(predictions)} if self._subtitles else {}),
                "questions_without_published_answer": sum(one.truth is None for one in predictions),
                "breakdown": break_down(parts, units),
                "excluded_rows": len(self._excluded),
                "reasons_of_excluded_rows": count_reasons(self._excluded),
                **source_details([one.frames for one in predictions], self._missing, self._unreadable, self._set.sizes),
            },
        )

    def _count_unsubtitled(self, predictions: Sequence[ChoicePrediction]) -> int:
        """Counts the scored questions whose video has no subtitles."""
        assert self._subtitles is not None
        scored = {one.id for one in predictions}
        return sum(one.id in scored and self._subtitles.find(one) is None for one in self._questions)
