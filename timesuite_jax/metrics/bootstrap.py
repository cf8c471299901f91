"""How sure a score is: percentile bootstrap intervals, seeded and vectorised.

A difference of two points on 500 questions is usually noise; every evaluation says so by its interval. Questions about
the same video are not independent: give `groups`, and whole videos are drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float


@dataclass(frozen=True)
class Interval:
    """A mean with its confidence interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap(
    columns: Mapping[str, Float[np.ndarray, " examples"] | Bool[np.ndarray, " examples"]],
    *,
    groups: Sequence[Any] | None = None,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, Interval]:
    """Confidence intervals of means.

    All columns share the same draws, so that the interval of a difference of two runs is had by passing their
    differences as a column.

    Args:
      columns: values by question, one array a metric, all of the same length.
      groups: what is drawn together (the video of each question); None for single questions.
      level: of confidence, between 0 and 1.
      resamples: number of draws.
      seed: same seed, same interval.

    Raises:
      ValueError: for no questions, columns of different lengths, or a level outside (0, 1).
    """
    lengths = {name: len(column) for name, column in columns.items()}
    n = next(iter(lengths.values()), 0)
    if not n or set(lengths.values()) != {n} or (groups is not None and len(groups) != n):
        raise ValueError(
            f"columns of lengths {lengths} (groups {None if groups is None else len(groups)}); give equal ones"
        )
    if not 0.0 < level < 1.0:
        raise ValueError(f"confidence level {level} is not between 0 and 1")
    values = np.stack([np.asarray(column, np.float64) for column in columns.values()] + [np.ones(n)], axis=1)
    if groups is not None:
        codes = np.unique(np.asarray(groups), return_inverse=True)[1]
        sums = np.zeros((codes.max() + 1, values.shape[1]))
        np.add.at(sums, codes, values)
        values = sums
    rng = np.random.default_rng(seed)
    means = np.empty((resamples, values.shape[1] - 1))
    # In pieces of about 32 MB of counts, whatever the number of questions.
    piece = max(1, 4_000_000 // len(values))
    for first in range(0, resamples, piece):
        count = min(piece, resamples - first)
        draws = rng.multinomial(len(values), np.full(len(values), 1.0 / len(values)), size=count)
        totals = draws @ values
        means[first : first + count] = totals[:, :-1] / totals[:, -1:]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return {
        name: Interval(float(np.mean(column)), float(low[i]), float(high[i]))
        for i, (name, column) in enumerate(columns.items())
    }
