"""Highlight detection on QVHighlights: HIT@1 and mean average precision.

The official protocol, as upstream keeps it in `metrics/vhd/eval_vhd.py`: clips of 2 seconds, three people's saliency
scores from 0 to 4, a clip counting as positive from 2 (Fair), 3 (Good) or 4 (VeryGood) on. The paper reports VeryGood.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

CLIP_SECONDS = 2
LEVELS = {"Fair": 2, "Good": 3, "VeryGood": 4}


def average_precision(positive: Shaped[np.ndarray, " clips"], scores: Float[np.ndarray, " clips"]) -> float:
    """Interpolated average precision of a ranking, averaged over the ranks at which recall grows.

    Equal scores are one rank. All clips negative gives 0, all positive gives 1.

    Args:
      positive: 1 for positive clips, else 0.
      scores: predicted; higher is ranked earlier.
    """
    positive = np.asarray(positive, bool)
    if not positive.any() or positive.all():
        return float(positive.all())
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    ranked, sorted_scores = positive[order], np.asarray(scores, np.float64)[order]
    last_of_rank = np.append(np.flatnonzero(np.diff(sorted_scores)), len(ranked) - 1)
    found = np.cumsum(ranked)[last_of_rank]
    precision = found / (last_of_rank + 1)
    # Interpolation: the best precision at this recall or a higher one.
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    grows = np.diff(found, prepend=0) > 0
    # From the lowest rank up, the order in which upstream adds: the same sum to the last bit.
    return float(np.mean(precision[grows][::-1]))


def highlight_scores(
    predictions: Mapping[int, Sequence[float]], truths: Sequence[Mapping[str, Any]]
) -> dict[str, float]:
    """HIT@1 and mAP at the three levels, over the queries that have both a prediction and a truth.

    Args:
      predictions: one score for each clip, by query id. Missing clips score 0, surplus ones are dropped for mAP; a best
        clip beyond the video is no hit.
      truths: records of QVHighlights: `qid`, `duration`, `relevant_clip_ids`, `saliency_scores`.

    Returns:
      `HL-min-Fair-mAP`, `HL-min-Fair-Hit1`, ... as fractions of 1, and `n`.

    Raises:
      ValueError: if no query has both.
    """
    shared = [truth for truth in truths if truth["qid"] in predictions]
    if not shared:
        raise ValueError("no query has both a prediction and a truth; do the query ids match?")
    precisions: dict[str, list[list[float]]] = {level: [] for level in LEVELS}
    hits: dict[str, list[float]] = {level: [] for level in LEVELS}
    for truth in shared:
        saliency = np.zeros((int(truth["duration"] / CLIP_SECONDS), 3))  # clips x people
        saliency[np.array(truth["relevant_clip_ids"])] = np.array(truth["saliency_scores"])
        predicted = np.asarray(predictions[truth["qid"]], np.float64)
        best = int(np.argmax(predicted))
        fitted = np.zeros(len(saliency))
        fitted[: len(predicted)] = predicted[: len(saliency)]
        for level, least in LEVELS.items():
            positive = (saliency >= least).astype(np.float64)
            hits[level].append(float(positive[best].max()) if best < len(positive) else 0.0)
            precisions[level].append([average_precision(person, fitted) for person in positive.T])
    result = {}
    for level in LEVELS:
        result[f"HL-min-{level}-mAP"] = float(np.mean(precisions[level]))
        result[f"HL-min-{level}-Hit1"] = float(np.mean(hits[level]))
    return {**result, "n": len(shared)}
