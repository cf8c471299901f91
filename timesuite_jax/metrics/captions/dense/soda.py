"""SODA_c (Fujita et al., 2020): the best chain of pairs of a true and a predicted event, by overlap and METEOR."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from timesuite_jax.metrics.captions.meteor import Meteor


def soda_c(
    overlaps: Float[np.ndarray, "truths predictions"],
    truth: Sequence[str],
    predicted: Sequence[str],
    meteor: Meteor,
    *,
    protocol: str = "default",
) -> float:
    """Scores the events of one video, from 0 to 1; 0 without predictions.

    A pair is worth its IoU by METEOR with the true caption as hypothesis, as in the original. Events are used at most
    once and in the order given.

    Args:
      overlaps: IoU of each pair.
      truth: tokens of the true captions.
      predicted: tokens of the predicted captions.
      meteor: scores captions.
      protocol: "paper" assigns METEOR scores to predictions as TimeSuite's scorer does, wrongly for more than ten
        predictions: it sorts their numbers as text. It also scores 0 if an IoU is NaN, which is 0 by default.
    """
    if not predicted:
        return 0.0
    order = range(len(predicted))
    columns = sorted(order, key=str) if protocol == "paper" else order
    similarity = np.array([[meteor.score(one, [predicted[column]]) for column in columns] for one in truth])
    values = overlaps * similarity
    if protocol == "paper" and np.isnan(values).any():
        return 0.0
    best = _best_chain(np.nan_to_num(values))
    precision, recall = best / len(predicted), best / len(truth)
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def _best_chain(values: Float[np.ndarray, "truths predictions"]) -> float:
    """Returns the highest sum of values of which both indices increase."""
    best = np.zeros(values.shape[1] + 1)
    for row in values:
        taken = best[:-1] + row
        best[1:] = np.maximum.accumulate(np.maximum(best[1:], taken))
    return float(best[-1])
