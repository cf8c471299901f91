"""Questions with short answers, such as multiple choice, on corpora: does the answer equal the annotated one?"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from timesuite_jax.data.corpora import Record
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import Benchmark, Scores
from timesuite_jax.videochat_t.answering.predictor import VideoAnswer, VideoQuestion
from timesuite_jax.videochat_t.benchmarks.corpus_examples import CorpusExample, CorpusExamples


@dataclasses.dataclass(frozen=True)
class AnsweredQuestion:
    """A question with the model's answer and the annotated one."""

    id: str
    source: str  # name of the video, or of the record if it has none
    question: str
    answer: str
    reference: str


class ExactMatchBenchmark(Benchmark[CorpusExample, VideoQuestion, VideoAnswer, AnsweredQuestion]):
    """All questions with an annotated answer, with or without spans.

    Case, and spaces and punctuation at the ends of an answer, are ignored.

    Args:
      folders: corpora.
      limit: records of each corpus, from the first; None for all.
      protocol: how inputs are made; answers are compared in the same way under each.

    Raises:
      UserError: a corpus is missing or damaged.
    """

    name, metric_names, prediction_type = "exact_match", ("exact_match",), AnsweredQuestion
    protocols = ("default", "paper")

    def __init__(self, folders: Sequence[str], *, limit: int | None = None, protocol: str = "default") -> None:
        self.protocol = protocol
        self._examples = CorpusExamples(folders, _is_answered, limit)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The corpora."""
        return self._examples.settings

    def examples(self) -> CorpusExamples:
        """Returns the questions."""
        return self._examples

    def prompt(self, example: CorpusExample) -> VideoQuestion:
        """Returns a question about a video.

        Raises:
          UserError: the record has no question with an annotated answer.
        """
        if not _is_answered(example.annotations, example.turn_number):
            raise UserError(
                f"record {example.annotations.id} has no question with an answer; evaluate a corpus that has them"
            )
        return VideoQuestion(example.record, example.turn)

    def read(self, answer: VideoAnswer, example: CorpusExample) -> AnsweredQuestion:
        """Stores the answer as it is."""
        turn = example.turn
        return AnsweredQuestion(example.prediction_id, example.source, turn.question, answer.text, turn.answer or "")

    def score(self, predictions: Sequence[AnsweredQuestion]) -> Scores:
        """Compares the answers; confidence intervals are over videos."""
        equal = [_normalized(one.answer) == _normalized(one.reference) for one in predictions]
        return Scores(
            {"exact_match": np.array(equal, np.float64)},
            groups=[one.source for one in predictions],
            unit="videos",
            details={"questions_without_answer": self._examples.unused},
        )


def _is_answered(record: Record, turn: int) -> bool:
    one = record.turns[turn] if record.turns else None
    return bool(one and one.question and one.answer)


def _normalized(text: str) -> str:
    """Lower case, without spaces and punctuation at the ends: "(B)." and "b" are the same choice."""
    return re.sub(r"^\W+|\W+$", "", text.lower())
