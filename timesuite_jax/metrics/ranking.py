"""Metrics of sequential recommendation: HR@K and NDCG@K of each user's next item.

One item per user is relevant, and all items are ranked, not a sample, as in `evaluate.py` of MQSA-TED
(arXiv:2311.01056).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

CUTOFFS = (5, 10, 20)


@dataclass(frozen=True)
class RankingScores:
    """Ranks per user, for confidence intervals and subsets.

    Attributes:
      ranks: number of items with a higher score than the user's next item.
    """

    ranks: Int[np.ndarray, " U"]

    def __post_init__(self) -> None:
        """Checks that there is at least one user.

        Raises:
          ValueError: there are no ranks.
        """
        if not len(self.ranks):
            raise ValueError("there are no ranks; evaluate at least one user")

    def hits(self, cutoff: int) -> Float[np.ndarray, " U"]:
        """Returns 1 if the item is in the top `cutoff`, else 0; the mean is HR@K."""
        return (self.ranks < cutoff).astype(np.float64)

    def gains(self, cutoff: int) -> Float[np.ndarray, " U"]:
        """Returns the discounted gain if the item is in the top `cutoff`, else 0; the mean is NDCG@K."""
        return self.hits(cutoff) / np.log2(np.asarray(self.ranks, np.float64) + 2.0)

    def table(self, cutoffs: Sequence[int] = CUTOFFS) -> dict[str, Float[np.ndarray, " U"]]:
        """Returns one value per user for each metric, for `bootstrap`; the mean of each is the metric."""
        return {
            name: values
            for cutoff in cutoffs
            for name, values in ((f"hr_{cutoff}", self.hits(cutoff)), (f"ndcg_{cutoff}", self.gains(cutoff)))
        }

    def summary(self, cutoffs: Sequence[int] = CUTOFFS) -> dict[str, float]:
        """Returns `hr_10`, `ndcg_10`, ... as fractions of 1, and `n`, the number of users."""
        return {**{name: float(values.mean()) for name, values in self.table(cutoffs).items()}, "n": len(self.ranks)}
