"""Recommendation: where in the ranking of all items the one that a user took next stands.

HR@K and NDCG@K with one relevant item a user, over all items and not a sample of them, as upstream's `evaluate.py` of
MQSA-TED (arXiv:2311.01056).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

CUTOFFS = (5, 10, 20)


@dataclass(frozen=True)
class RankingScores:
    """Ranks of one evaluation, user by user, so that intervals and slices can be made from them.

    Attributes:
      ranks: how many items score above each user's next one.
    """

    ranks: Int[np.ndarray, " U"]

    def __post_init__(self) -> None:
        """Refuses an evaluation of nobody.

        Raises:
          ValueError: if there is no rank.
        """
        if not len(self.ranks):
            raise ValueError("no ranks: an average over no user is no score")

    def hits(self, cutoff: int) -> Float[np.ndarray, " U"]:
        """1 where the item is among the first `cutoff`, else 0; the mean is HR@K."""
        return (self.ranks < cutoff).astype(np.float64)

    def gains(self, cutoff: int) -> Float[np.ndarray, " U"]:
        """Discounted gain of the item where it is among the first `cutoff`, else 0; the mean is NDCG@K."""
        return self.hits(cutoff) / np.log2(np.asarray(self.ranks, np.float64) + 2.0)

    def table(self, cutoffs: Sequence[int] = CUTOFFS) -> dict[str, Float[np.ndarray, " U"]]:
        """Every metric as one number a user, for `bootstrap`; the mean of each is the metric."""
        return {
            name: values
            for cutoff in cutoffs
            for name, values in ((f"hr_{cutoff}", self.hits(cutoff)), (f"ndcg_{cutoff}", self.gains(cutoff)))
        }

    def summary(self, cutoffs: Sequence[int] = CUTOFFS) -> dict[str, float]:
        """`hr_10`, `ndcg_10`, ... (fractions of 1) and `n`."""
        return {**{name: float(values.mean()) for name, values in self.table(cutoffs).items()}, "n": len(self.ranks)}
