"""Differences of two runs on the same questions: clustered standard errors and a paired permutation test.

Questions about one video are not independent. The standard error is the cluster-robust one of a mean (sums of residuals
by cluster, with the correction G / (G - 1)); the test exchanges the two runs' values of whole clusters.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from timesuite_jax.metrics.bootstrap import bootstrap

_EXACT = 12  # clusters up to which all exchanges are enumerated
_DRAWS = 10_000
_CHUNK = 4_000_000  # signs at a time


@dataclass(frozen=True)
class PairedDifference:
    """Means of two runs on the same questions, and their difference.

    Attributes:
      a: mean of the first run.
      b: mean of the second run.
      difference: b - a.
      standard_error_a: clustered, of the first mean; NaN for one cluster, as the other two.
      standard_error_b: of the second mean.
      standard_error: of the difference.
      low: start of the 95 % confidence interval of the difference, from a bootstrap over clusters.
      high: its end.
      p_value: of the paired permutation test, two-sided.
      n: number of questions.
      clusters: number of clusters.
    """

    a: float
    b: float
    difference: float
    standard_error_a: float
    standard_error_b: float
    standard_error: float
    low: float
    high: float
    p_value: float
    n: int
    clusters: int


def paired_difference(
    a: Float[np.ndarray, " N"], b: Float[np.ndarray, " N"], groups: Sequence[Hashable]
) -> PairedDifference:
    """Compares two runs.

    Args:
      a: one value per question of the first run, at least one, none of them NaN.
      b: the same of the second run, in the same order.
      groups: cluster of each question, e.g. its video.
    """
    difference = b - a
    interval = bootstrap({"difference": difference}, groups=groups)["difference"]
    return PairedDifference(
        float(a.mean()),
        float(b.mean()),
        float(difference.mean()),
        clustered_standard_error(a, groups),
        clustered_standard_error(b, groups),
        clustered_standard_error(difference, groups),
        interval.low,
        interval.high,
        permutation_p_value(difference, groups),
        len(a),
        len(set(groups)),
    )


def clustered_standard_error(values: Float[np.ndarray, " N"], groups: Sequence[Hashable]) -> float:
    """Computes the standard error of a mean of values that are independent between clusters only; NaN for one."""
    sums = _cluster_sums(values - values.mean(), groups)
    count = len(sums)
    return float(np.sqrt(count / (count - 1) * (sums**2).sum()) / len(values)) if count > 1 else float("nan")


def permutation_p_value(difference: Float[np.ndarray, " N"], groups: Sequence[Hashable], *, seed: int = 0) -> float:
    """Computes the two-sided p-value that a mean difference is 0, by changing the sign of whole clusters.

    All changes are enumerated for up to 12 clusters; else 10,000 are drawn, and the observed one counts as one of them.
    """
    sums = _cluster_sums(difference, groups)
    observed = abs(sums.sum()) - 1e-9 * np.abs(sums).sum()  # sums in another order are equal
    if len(sums) <= _EXACT:
        bits = (np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums))) & 1
        return float((np.abs((2 * bits - 1) @ sums) >= observed).mean())
    rng, reached = np.random.default_rng(seed), 0
    rows = max(1, _CHUNK // len(sums))
    for first in range(0, _DRAWS, rows):
        bits = rng.integers(0, 2, size=(min(rows, _DRAWS - first), len(sums)), dtype=np.int8)
        reached += int((np.abs((2.0 * bits - 1.0) @ sums) >= observed).sum())
    return (1 + reached) / (1 + _DRAWS)


def _cluster_sums(values: Float[np.ndarray, " N"], groups: Sequence[Hashable]) -> Float[np.ndarray, " groups"]:
    places: dict[Hashable, int] = {}
    index = np.array([places.setdefault(group, len(places)) for group in groups])
    return np.bincount(index, weights=values)
