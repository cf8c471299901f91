"""Metrics of highlight detection on QVHighlights: HIT@1 and mean average precision.

Follows the official protocol, as in upstream's `metrics/vhd/eval_vhd.py`: clips of 2 seconds, saliency scores from 0 to
4 by three annotators, clips positive from a score of 2 (Fair), 3 (Good) or 4 (VeryGood). The paper reports VeryGood.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

CLIP_SECONDS = 2
LEVELS = {"Fair": 2, "Good": 3, "VeryGood": 4}


def average_precision(positive: Shaped[np.ndarray, " clips"], scores: Float[np.ndarray, " clips"]) -> float:
    """Computes the interpolated average precision, averaged over the ranks at which recall increases.

    Equal scores share a rank. The result is 0 if all clips are negative and 1 if all are positive.

    Args:
      positive: 1 for positive clips, else 0.
      scores: predicted scores; higher ranks first.
    """
    positive = np.asarray(positive, bool)
    if not positive.any() or positive.all():
        return float(positive.all())
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    ranked, sorted_scores = positive[order], np.asarray(scores, np.float64)[order]
    last_of_rank = np.append(np.flatnonzero(np.diff(sorted_scores)), len(ranked) - 1)
    found = np.cumsum(ranked)[last_of_rank]
    precision = found / (last_of_rank + 1)
    # Interpolation: the maximum precision at this recall or higher.
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    increases = np.diff(found, prepend=0) > 0
    # Summed from the lowest rank up, in upstream's order, for bitwise equality.
    return float(np.mean(precision[increases][::-1]))


def highlight_scores(
    predictions: Mapping[int, Sequence[float]], truths: Sequence[Mapping[str, Any]]
) -> dict[str, float]:
    """Computes HIT@1 and mAP at the three levels, over the queries with both a prediction and ground truth.

    Args:
      predictions: one score per clip, by query id. For mAP, missing clips score 0 and clips beyond the end of the video
        are dropped; for HIT@1, a best clip beyond the end is a miss.
      truths: records of QVHighlights with `qid`, `duration`, `relevant_clip_ids` and `saliency_scores`.

    Returns:
      `HL-min-Fair-mAP`, `HL-min-Fair-Hit1`, ... as fractions of 1, and `n`, the number of queries.

    Raises:
      ValueError: no query has both.
    """
    shared = [truth for truth in truths if truth["qid"] in predictions]
    if not shared:
        raise ValueError(
            f"none of {len(predictions)} predictions has a query id of {len(truths)} truths; give matching query ids"
        )
    precisions: dict[str, list[list[float]]] = {level: [] for level in LEVELS}
    hits: dict[str, list[float]] = {level: [] for level in LEVELS}
    for truth in shared:
        saliency = np.zeros((int(truth["duration"] / CLIP_SECONDS), 3))  # clips, annotators
        saliency[np.array(truth["relevant_clip_ids"])] = np.array(truth["saliency_scores"])
        predicted = np.asarray(predictions[truth["qid"]], np.float64)
        best = int(np.argmax(predicted))
        fitted = np.zeros(len(saliency))
        fitted[: len(predicted)] = predicted[: len(saliency)]
        for level, threshold in LEVELS.items():
            positive = (saliency >= threshold).astype(np.float64)
            hits[level].append(float(positive[best].max()) if best < len(positive) else 0.0)
            precisions[level].append([average_precision(annotator, fitted) for annotator in positive.T])
    result = {}
    for level in LEVELS:
        result[f"HL-min-{level}-mAP"] = float(np.mean(precisions[level]))
        result[f"HL-min-{level}-Hit1"] = float(np.mean(hits[level]))
    return {**result, "n": len(shared)}
