"""Action recognition on corpora with labels: is the class right, is it among the five most likely ones?"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from timesuite_jax.data.corpora import Mixture, Record
from timesuite_jax.data.corpora.corpus_shares import corpus_shares
from timesuite_jax.evaluation import Benchmark, Scores
from timesuite_jax.internvideo2.action.classifier import VideoClasses

METRICS = ("top1", "top5")
_KEPT = 5


@dataclasses.dataclass(frozen=True)
class RecordExample:
    """A record of the corpora by its number."""

    id: str
    number: int


@dataclasses.dataclass(frozen=True)
class ClassPrediction:
    """The most likely classes of a video, and the right one.

    Attributes:
      id: of the record.
      label: number of the right class.
      top: numbers of the most likely classes, the most likely first.
      probabilities: of these.
    """

    id: str
    label: int
    top: list[int]
    probabilities: list[float]


class ActionRecognition(Benchmark[RecordExample, Record, VideoClasses, ClassPrediction]):
    """All records of corpora, or the first `limit`.

    Args:
      corpora: folders.
      limit: number of records; None for all.

    Raises:
      UserError: a corpus is missing or damaged.
    """

    name, metric_names, prediction_type = "action_recognition", METRICS, ClassPrediction

    def __init__(self, corpora: Sequence[str], limit: int | None = None) -> None:
        self._corpora, self._mixture = tuple(corpora), Mixture(corpus_shares(corpora))
        count = len(self._mixture)
        self._count = count if limit is None else min(limit, count)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The corpora."""
        return {"corpora": list(self._corpora)}

    def examples(self) -> list[RecordExample]:
        """Returns the numbers of the records."""
        return [
            RecordExample(f"{self._mixture.corpus_of(number)}, record {number}", number)
            for number in range(self._count)
        ]

    def prompt(self, example: RecordExample) -> Record:
        """Reads the record.

        Raises:
          UserError: it is damaged.
        """
        return self._mixture.read(example.number)

    def read(self, answer: VideoClasses, example: RecordExample) -> ClassPrediction:
        """The most likely classes."""
        top = np.argsort(-answer.probabilities, kind="stable")[:_KEPT]
        return ClassPrediction(
            answer.name, answer.label, top.tolist(), answer.probabilities[top].astype(float).tolist()
        )

    def score(self, predictions: Sequence[ClassPrediction]) -> Scores:
        """Accuracy among the first one and the first five."""
        right = np.array([[one.label in one.top[:count] for count in (1, _KEPT)] for one in predictions], float)
        columns: dict[str, np.ndarray] = dict(zip(METRICS, right.T, strict=True))
        return Scores(columns, [str(number) for number in range(len(predictions))], unit="videos")
