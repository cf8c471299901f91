"""The examples whose scores changed most."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from timesuite_jax.evaluation.comparison.pairs import Pair, field_of


@dataclass(frozen=True)
class ChangedExample:
    """An example with its values of a metric, and its answers, in both results."""

    id: str
    group: str | None
    question: str
    a: float
    b: float
    answer_a: Any
    answer_b: Any

    def as_json(self) -> dict[str, Any]:
        """Returns the example as JSON values."""
        return vars(self)


def changed_examples(pairs: Sequence[Pair], metric: str, count: int) -> list[ChangedExample]:
    """Returns the examples with the largest changes of a metric, those first that are worse or better by most.

    Where a metric has no values by example, those whose answers differ.
    """
    known = [pair for pair in pairs if not np.isnan(pair.change(metric))]
    if known:
        changed = sorted((pair for pair in known if pair.change(metric)), key=lambda pair: -abs(pair.change(metric)))
    else:
        changed = [pair for pair in pairs if pair.answers_differ]
    return [
        ChangedExample(
            pair.a.id,
            pair.a.group,
            str(pair.a.prediction.get("question", "")),
            pair.a.scores.get(metric, np.nan),
            pair.b.scores.get(metric, np.nan),
            field_of(pair.a),
            field_of(pair.b),
        )
        for pair in changed[:count]
    ]
