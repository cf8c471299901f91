"""Metrics of retrieval between videos and texts: R@K and the median rank, with one or several right answers.

As `itm_eval` of InternVideo2 (`tasks/retrieval_utils.py` upstream): the rank of a query is that of its best right
answer. The order of equal scores, which upstream leaves to its sort, is that of the columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

CUTOFFS = (1, 5, 10)


def dual_softmax(similarity: Float[np.ndarray, "queries answers"]) -> Float[np.ndarray, "queries answers"]:
    """Multiplies similarities with their softmax over the queries (arXiv:2109.04290).

    An answer that fits many queries loses against one that fits this query best. It presumes that all queries are known
    at once, and that each answer is that of about one of them: scores with it are reported apart.
    """
    shares = np.exp(similarity - similarity.max(axis=0, keepdims=True))
    return similarity * (shares / shares.sum(axis=0, keepdims=True))


def ranks(scores: Float[np.ndarray, "queries answers"], right: Sequence[Sequence[int]]) -> Int[np.ndarray, " queries"]:
    """Returns the number of answers above the best right one of each query, 0 for the best.

    Args:
      scores: the higher, the better; not a number is above everything.
      right: numbers of the right answers of each query, at least one.

    Raises:
      ValueError: a query has no right answer, or one that is not among the answers.
    """
    queries, answers = scores.shape
    if len(right) != queries:
        raise ValueError(f"{queries} queries have {len(right)} lists of right answers; give one for each")
    found = np.empty(queries, np.int64)
    for query, numbers in enumerate(right):
        if not len(numbers) or min(numbers) < 0 or max(numbers) >= answers:
            raise ValueError(
                f"query {query} has the right answers {list(numbers)}; give numbers from 0 to {answers - 1}"
            )
        row = scores[query]
        places = np.arange(answers)
        above = [
            np.count_nonzero(np.logical_not(row <= row[number]) | ((row == row[number]) & (places < number)))
            for number in numbers
        ]
        found[query] = min(above)
    return found


@dataclass(frozen=True)
class RetrievalScores:
    """Ranks of one direction, for confidence intervals.

    Attributes:
      ranks: see `ranks`.
    """

    ranks: Int[np.ndarray, " queries"]

    def table(self, cutoffs: Sequence[int] = CUTOFFS) -> dict[str, Float[np.ndarray, " queries"]]:
        """Returns one value a query for each R@K; the mean of each is the metric, a fraction of 1."""
        return {f"r_{cutoff}": (self.ranks < cutoff).astype(np.float64) for cutoff in cutoffs}

    def summary(self, cutoffs: Sequence[int] = CUTOFFS) -> dict[str, float]:
        """Returns R@K, their mean, the median rank counted from 1, and the number of queries."""
        recalls = {name: float(values.mean()) for name, values in self.table(cutoffs).items()}
        mean = sum(recalls.values()) / len(recalls)
        return {**recalls, "r_mean": mean, "median_rank": float(np.median(self.ranks)) + 1.0, "n": len(self.ranks)}
