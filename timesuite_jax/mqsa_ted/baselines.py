"""What a ranking scores without a model: items by popularity, and items in random order.

Both follow the protocol of `evaluate`: all items are ranked, those that the user has seen below the others.
"""

import numpy as np
from jaxtyping import Int

from timesuite_jax.data.interactions import Interactions
from timesuite_jax.metrics import RankingScores
from timesuite_jax.metrics.ranking import CUTOFFS
from timesuite_jax.mqsa_ted.data import Split, seen_items

_USERS = 4096  # of a batch


def baseline_metrics(data: Interactions, split: Split, max_len: int) -> dict[str, dict[str, float]]:
    """Returns the metrics of both baselines, as `RankingScores.summary` of a model.

    Args:
      data: histories and held-out items.
      split: which held-out item is ranked.
      max_len: length of a history; older items are not seen.
    """
    order = np.argsort(-np.bincount(data.items, minlength=data.num_items), kind="stable")  # ties: the lower id first
    place = np.argsort(order)
    batches = [slice(first, first + _USERS) for first in range(0, data.num_users, _USERS)]
    counts = [_count(place, seen_items(data, max_len, split, users), getattr(data, split)[users]) for users in batches]
    popular, first, end = (np.concatenate(column) for column in zip(*counts, strict=True))
    popularity = RankingScores(popular.astype(np.int32)).summary()
    return {"popularity": popularity, "random": {**_expected(first, end), "n": data.num_users}}


def _count(
    place: Int[np.ndarray, " V"], seen: Int[np.ndarray, "B S"], target: Int[np.ndarray, " B"]
) -> tuple[Int[np.ndarray, " B"], Int[np.ndarray, " B"], Int[np.ndarray, " B"]]:
    """The target's rank by popularity; and the first rank and the end of the ranks that it may have at random.

    An item that was seen several times counts once.
    """
    items = len(place)
    seen = np.sort(seen, axis=1)  # the padding is the number of items, and comes last
    distinct = (seen < items) & (np.diff(seen, axis=1, prepend=-1) > 0)
    above = distinct & (np.append(place, items)[seen] < place[target][:, None])
    masked = np.any(seen == target[:, None], axis=1)
    unseen = items - distinct.sum(axis=1)
    rank = np.where(masked, unseen + above.sum(axis=1), place[target] - above.sum(axis=1))
    return rank, np.where(masked, unseen, 0), np.where(masked, items, unseen)


def _expected(first: Int[np.ndarray, " U"], end: Int[np.ndarray, " U"]) -> dict[str, float]:
    """Expectations where each rank from `first` to before `end` is as likely."""
    metrics = {}
    for cutoff in CUTOFFS:
        gains = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(cutoff) + 2.0))])
        below = np.minimum(first, cutoff), np.minimum(end, cutoff)
        metrics[f"hr_{cutoff}"] = float(np.mean((below[1] - below[0]) / (end - first)))
        metrics[f"ndcg_{cutoff}"] = float(np.mean((gains[below[1]] - gains[below[0]]) / (end - first)))
    return metrics
