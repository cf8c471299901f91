"""Recommendation: where in the ranking of all items the one that a user took next stands.

HR@K and NDCG@K with one relevant item a user, over all items and not a sample of them, as upstream's `evaluate.py` of
MQSA-TED (arXiv:2311.01056). Items that a user has seen are pushed down by so much that none of the others is below.

Scores come from a device and are ranked there; the few numbers that remain of them are NumPy.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

CUTOFFS = (5, 10, 20)
_SEEN = 2.0**32  # what upstream takes off the score of a seen item, once for each time it was seen


def push_down_seen(scores: Float[Array, "B V"], seen: Int[Array, "B S"]) -> Float[Array, "B V"]:
    """Scores with seen items below all others, those seen more often further down.

    Args:
      scores: of all items.
      seen: item ids, repeated ones as often as they were seen; V (padding) does nothing.
    """
    rows = jnp.arange(len(seen))[:, None]
    return scores.at[rows, seen].add(-_SEEN, mode="drop")


def rank(scores: Float[Array, "B V"], target: Int[Array, " B"]) -> Int[Array, " B"]:
    """How many items score above the target: 0 is the best. Cheaper than sorting, and without an order among equals."""
    mine = jnp.take_along_axis(scores, target[:, None], axis=1)
    return jnp.sum(scores > mine, axis=1)


def best_items(scores: Float[Array, "B V"], number: int) -> Int[Array, "B number"]:
    """Ids of the items that score highest, the best first; among equals the lower id."""
    return jax.lax.top_k(scores, number)[1]


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
