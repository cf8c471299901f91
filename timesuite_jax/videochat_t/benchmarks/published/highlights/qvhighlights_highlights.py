"""QVHighlights, highlight detection: `highlight_val_release.jsonl`, or `highlight_test_with_gt.jsonl`.

`paper` is the original's zero-shot question and parser (eval/eval_infer.py). HIT@1 and mAP are those of the official
evaluation at its three levels of saliency; an answer that states no moment has score 0 for all clips.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from timesuite_jax.data.sources import Skipped, count_reasons
from timesuite_jax.data.timepro import TASKS
from timesuite_jax.data.timepro.source_entry import Highlights
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import Scores
from timesuite_jax.evaluation.breakdown import break_down, round_numbers
from timesuite_jax.evaluation.prediction_files.unit import ScoredUnit
from timesuite_jax.metrics.highlights import CLIP_SECONDS, LEVELS, clip_count, highlight_table
from timesuite_jax.text import Turn
from timesuite_jax.text.prompts import highlight_question
from timesuite_jax.videochat_t.answering.answer_forms import HIGHLIGHTS
from timesuite_jax.videochat_t.answering.predictor import VideoAnswer, VideoQuestion
from timesuite_jax.videochat_t.answering.requirements import Requirements
from timesuite_jax.videochat_t.benchmarks.published.annotation_files import coverage_note, file_checksums
from timesuite_jax.videochat_t.benchmarks.published.details import source_details
from timesuite_jax.videochat_t.benchmarks.published.highlights.highlight_answers import (
    read_clip_scores,
    read_moments,
    read_upstream_scores,
)
from timesuite_jax.videochat_t.benchmarks.published.highlights.highlight_queries import (
    HighlightQuery,
    read_highlight_queries,
)
from timesuite_jax.videochat_t.benchmarks.published.published_benchmark import PublishedBenchmark
from timesuite_jax.videochat_t.benchmarks.published.sources import PublishedSources
from timesuite_jax.videochat_t.benchmarks.published.video_root import VideoRoot

_SIZES = {"train": 7218, "val": 1550, "test": 1542}
_METRICS = tuple(f"HL-min-{level}-{metric}" for level in LEVELS for metric in ("mAP", "Hit1"))
_TRAINED = TASKS["highlight_detection"].wordings(Highlights("{query}", (1.0,), (1.0,)))[0].question
_TEMPLATES = {"default": _TRAINED, "paper": highlight_question("{query}")}


@dataclass(frozen=True)
class HighlightPrediction:
    """A query with the model's answer and the annotations; `scores` of all clips are empty if the answer has none."""

    id: str
    source: str  # name of the video
    question: str
    answer: str
    scores: tuple[float, ...]
    duration: float
    clips: tuple[int, ...]
    saliency: tuple[tuple[float, ...], ...]
    frames: int

    def unit(self) -> ScoredUnit:
        """Returns what breakdowns of scores use: the length of the video, and of the annotated clips."""
        middle = (self.clips[0] + self.clips[-1] + 1) / 2 * CLIP_SECONDS
        return ScoredUnit(self.id, self.source, self.duration, len(self.clips) * CLIP_SECONDS, middle)


class QVHighlightsDetection(PublishedBenchmark[HighlightQuery, HighlightPrediction]):
    """Every query of the annotation files.

    Args:
      sources: annotation files and videos.
      protocol: "default" or "paper".

    Raises:
      UserError: a file cannot be read, or there is no folder of videos.
    """

    name, prediction_type = "qvhighlights_highlights", HighlightPrediction
    metric_names = (*_METRICS, "parse_failures")
    requirements = Requirements(answer_tokens=512)  # as the original: answers list up to 75 moments

    def __init__(self, sources: PublishedSources, *, protocol: str = "default") -> None:
        if sources.split is not None:
            raise UserError(f"--split {sources.split}: a file of {self.name} has one split; leave the option out")
        self.protocol = protocol
        files = sources.annotation_files()
        self._checksums = file_checksums(files)
        found = list(read_highlight_queries(files))
        self._queries = [one for one in found if isinstance(one, HighlightQuery)]
        self._unreadable = [one for one in found if isinstance(one, Skipped)]
        if not self._queries:
            names = ", ".join(map(str, sources.annotations))
            raise UserError(
                f"{names} has nothing to ask for {self.name}: {count_reasons(self._unreadable) or 'no rows'}"
            )
        if len({query.id for query in self._queries}) < len(self._queries):
            raise UserError(f"{', '.join(self._checksums)} has two queries of one qid; give each file once")
        self._videos = VideoRoot(sources.videos)
        self._missing = self._videos.missing(query.video for query in self._queries)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Checksums of the annotation files, and the question."""
        answers = "original" if self.protocol == "paper" else "clip_scores"
        return {"annotations": self._checksums, "question": _TEMPLATES[self.protocol], "answers": answers}

    def examples(self) -> Sequence[HighlightQuery]:
        """Returns the queries."""
        return self._queries

    def prompt(self, example: HighlightQuery) -> VideoQuestion:
        """Returns a question about a video.

        Raises:
          UserError: its video is missing, or its annotation cannot be scored.
        """
        highlight_table({int(example.id): (0.0,)}, [_truth(example)])  # before hours of answers
        question = _TEMPLATES[self.protocol].replace("{query}", example.query.strip("."))
        return VideoQuestion(self._videos.find(example.video), Turn(question), form=HIGHLIGHTS)

    def read(self, answer: VideoAnswer, example: HighlightQuery) -> HighlightPrediction:
        """Reads the scores of clips."""
        return HighlightPrediction(
            example.id,
            example.video,
            example.query,
            answer.text,
            (read_upstream_scores if self.protocol == "paper" else read_clip_scores)(answer.text, example.duration),
            example.duration,
            example.clips,
            example.saliency,
            answer.frames,
        )

    def score(self, predictions: Sequence[HighlightPrediction]) -> Scores:
        """Scores each query; confidence intervals are over videos."""
        scores = {int(one.id): one.scores or (0.0,) * clip_count(one.duration) for one in predictions}
        table, _, beyond = highlight_table(scores, [_truth(one) for one in predictions])
        table["parse_failures"] = np.array([float(not prediction.scores) for prediction in predictions])
        details = source_details([one.frames for one in predictions], self._missing, self._unreadable, _SIZES)
        details["clips_beyond_video"] = beyond
        units = [one.unit() for one in predictions]
        moments = [(time, time) for one in predictions for time in read_moments(one.answer)]
        details["round_numbers"] = round_numbers(moments)
        details["breakdown"] = break_down(table, units)
        coverage = coverage_note(len(predictions), len(self._queries) + len(self._unreadable), _SIZES)
        return Scores(
            table, [prediction.source for prediction in predictions], unit="videos", details=details, coverage=coverage
        )

    def submission_rows(self, predictions: Sequence[HighlightPrediction]) -> list[dict[str, Any]]:
        """Returns a line of the official evaluation for each answer; without moments all clips have score 0."""
        return [
            {
                "qid": int(one.id),
                "query": one.question,
                "vid": one.source,
                "pred_saliency_scores": list(one.scores or (0.0,) * clip_count(one.duration)),
            }
            for one in predictions
        ]


def _truth(one: HighlightQuery | HighlightPrediction) -> dict[str, Any]:
    """A record as the metrics take it."""
    return {
        "qid": int(one.id),
        "duration": one.duration,
        "relevant_clip_ids": one.clips,
        "saliency_scores": one.saliency,
    }
