"""Questions with short answers, such as multiple choice, on corpora: does the answer equal the annotated one?"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

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
    """The first question of each record; records need no spans. Case, spaces and punctuation at the ends are ignored.

    Args:
      folders: corpora.
      limit: records of each corpus, from the first; None for all.

    Raises:
      UserError: a corpus is missing or damaged.
    """

    name, metric_names, prediction_type = "exact_match", ("exact_match",), AnsweredQuestion

    def __init__(self, folders: Sequence[str], *, limit: int | None = None) -> None:
        self._examples = CorpusExamples(folders, limit)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The corpora."""
        return self._examples.settings

    def examples(self) -> CorpusExamples:
        """Returns the records."""
        return self._examples

    def prompt(self, example: CorpusExample) -> VideoQuestion:
        """Returns the question of a record.

        Raises:
          UserError: it has no question, or no annotated answer.
        """
        known = example.annotations
        if not (known.turns and known.turns[0].question and known.turns[0].answer):
            raise UserError(f"record {known.id} has no question with an answer; evaluate a corpus that has them")
        return VideoQuestion(example.record, known.turns[0])

    def read(self, answer: VideoAnswer, example: CorpusExample) -> AnsweredQuestion:
        """Stores the answer as it is."""
        known, turn = example.annotations, example.annotations.turns[0]
        return AnsweredQuestion(known.id, known.source, turn.question, answer.text, turn.answer or "")

    def score(self, predictions: Sequence[AnsweredQuestion]) -> Scores:
        """Compares the answers; confidence intervals are over videos."""
        equal = [_normalized(one.answer) == _normalized(one.reference) for one in predictions]
        return Scores({"exact_match": np.array(equal, np.float64)}, groups=[one.source for one in predictions])


def _normalized(text: str) -> str:
    """Lower case, without spaces and punctuation at the ends: "(B)." and "b" are the same choice."""
    return re.sub(r"^\W+|\W+$", "", text.lower())
