"""Percentile bootstrap confidence intervals of mean scores, seeded and vectorised.

On 500 questions, a difference of two percentage points is usually not significant. Questions about the same video are
not independent: pass `groups` to resample whole videos.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float


@dataclass(frozen=True)
class Interval:
    """A mean and its confidence interval."""

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
    """Computes confidence intervals of means.

    All columns share the same resamples: for the interval of the difference of two runs, pass their differences as a
    column.

    Args:
      columns: one value per question, for each metric; all of the same length.
      groups: group of each question (its video), resampled as a whole; None to resample questions.
      level: confidence level, between 0 and 1.
      resamples: number of resamples.
      seed: seed of the generator; the result is deterministic.

    Raises:
      ValueError: there are no questions, columns differ in length, or `level` is not in (0, 1).
    """
    lengths = {name: len(column) for name, column in columns.items()}
    n = next(iter(lengths.values()), 0)
    if not n or set(lengths.values()) != {n} or (groups is not None and len(groups) != n):
        raise ValueError(
            f"columns have lengths {lengths} and groups {None if groups is None else len(groups)}; give equal lengths "
            "greater than 0"
        )
    if not 0.0 < level < 1.0:
        raise ValueError(f"confidence level {level} is not between 0 and 1, exclusive")
    values = np.stack([np.asarray(column, np.float64) for column in columns.values()] + [np.ones(n)], axis=1)
    if groups is not None:
        group_index = np.unique(np.asarray(groups), return_inverse=True)[1]
        sums = np.zeros((group_index.max() + 1, values.shape[1]))
        np.add.at(sums, group_index, values)
        values = sums
    rng = np.random.default_rng(seed)
    means = np.empty((resamples, values.shape[1] - 1))
    # Chunked so that the counts take about 32 MB for any number of questions.
    chunk = max(1, 4_000_000 // len(values))
    for first in range(0, resamples, chunk):
        count = min(chunk, resamples - first)
        draws = rng.multinomial(len(values), np.full(len(values), 1.0 / len(values)), size=count)
        totals = draws @ values
        means[first : first + count] = totals[:, :-1] / totals[:, -1:]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return {
        name: Interval(float(np.mean(column)), float(low[i]), float(high[i]))
        for i, (name, column) in enumerate(columns.items())
    }
