"""How much of a difference comes from other questions, from other answers, and from reading the same answers otherwise.

Exact for a metric that is a mean over examples: the three parts add up to the difference.
"""

from collections.abc import Sequence

import numpy as np

from timesuite_jax.evaluation.comparison.pairs import Pair
from timesuite_jax.evaluation.comparison.result_file import ResultFile


def split_difference(a: ResultFile, b: ResultFile, pairs: Sequence[Pair], metric: str) -> dict[str, float]:
    """Returns the parts of the difference B - A of a metric, "questions", "answers" and "reading"; {} if unknown.

    Args:
      a: a result.
      b: another one.
      pairs: examples that both have.
      metric: name of a metric with values by example.
    """
    means = [_mean([one.scores.get(metric, np.nan) for one in of.examples.values()]) for of in (a, b)]
    both = [pair for pair in pairs if not np.isnan(pair.change(metric))]
    if not both or any(np.isnan(means)):
        return {}
    changes = np.array([pair.change(metric) for pair in both])
    other = np.array([pair.answers_differ for pair in both])
    common = float(changes.mean())
    answers = float((changes * other).mean())
    return {"questions": means[1] - means[0] - common, "answers": answers, "reading": common - answers}


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
