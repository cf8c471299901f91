"""Examples that two results have in common, and what differs between them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from timesuite_jax.evaluation.comparison.result_file import ResultFile, StoredExample

_ANSWERS = ("answer", "pred_relevant_windows")
_TRUTHS = ("truth", "reference", "happens", "saliency")


@dataclass(frozen=True)
class Pair:
    """One example in two results."""

    a: StoredExample
    b: StoredExample

    def change(self, metric: str) -> float:
        """Returns the difference b - a of a metric; NaN where one of the results does not have it."""
        return self.b.scores.get(metric, math.nan) - self.a.scores.get(metric, math.nan)

    @property
    def times_differ(self) -> bool:
        """Whether frames of different times were shown."""
        return self._shown_differs("frame_times")

    @property
    def frames_differ(self) -> bool:
        """Whether different frames were shown: of other times, or with other pixels."""
        return self.times_differ or self._shown_differs("pixels")

    @property
    def prompt_differs(self) -> bool:
        """Whether the question, or its tokens under the same time stamps, differ."""
        return self._shown_differs("question") or (not self.times_differ and self._shown_differs("tokens"))

    @property
    def answers_differ(self) -> bool:
        """Whether the answers differ; where neither result records them, whether the scores do."""
        a, b = field_of(self.a, _ANSWERS), field_of(self.b, _ANSWERS)
        return self.scores_differ if a is None and b is None else a != b

    @property
    def truths_differ(self) -> bool:
        """Whether the true answers differ."""
        return field_of(self.a, _TRUTHS) != field_of(self.b, _TRUTHS)

    @property
    def scores_differ(self) -> bool:
        """Whether a metric that both results have differs."""
        names = self.a.scores.keys() & self.b.scores.keys()
        return any(not _same(self.a.scores[name], self.b.scores[name]) for name in names)

    def _shown_differs(self, key: str) -> bool:
        a, b = self.a.shown or {}, self.b.shown or {}
        return key in a and key in b and a[key] != b[key]


@dataclass(frozen=True)
class Pairing:
    """Examples of two results: in both, and in one only."""

    pairs: Sequence[Pair]
    only_a: Sequence[StoredExample]
    only_b: Sequence[StoredExample]


def pair_examples(a: ResultFile, b: ResultFile, *, same_questions: bool) -> Pairing:
    """Finds the examples that two results have in common.

    Args:
      a: a result.
      b: another one.
      same_questions: whether both are of the same annotations; otherwise an example is only the same if its question
        and video are.
    """
    pairs: Mapping[str, Pair] = {
        id: Pair(one, b.examples[id])
        for id, one in a.examples.items()
        if id in b.examples and (same_questions or _identity(one) == _identity(b.examples[id]))
    }
    only_a, only_b = ([one for id, one in of.examples.items() if id not in pairs] for of in (a, b))
    return Pairing(list(pairs.values()), only_a, only_b)


def field_of(example: StoredExample, names: Sequence[str] = _ANSWERS) -> Any:
    """Returns the first of some fields that the prediction of an example has; None if it has none."""
    return next((example.prediction[name] for name in names if name in example.prediction), None)


def _identity(example: StoredExample) -> tuple[Any, Any]:
    return example.group, example.prediction.get("question")


def _same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))
