"""Precision, recall and F1 of predicted events, regardless of their captions."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

THRESHOLDS = (0.3, 0.5, 0.7, 0.9)


def event_recalls(overlaps: Float[np.ndarray, "truths predictions"]) -> Float[np.ndarray, " truths"]:
    """Returns, for each true event, the fraction of thresholds that its IoU with some predicted event exceeds."""
    best = np.nan_to_num(overlaps).max(axis=1, initial=0.0)
    return (best[:, None] > np.array(THRESHOLDS)).mean(axis=1)


def detection_scores(overlaps: Float[np.ndarray, "truths predictions"]) -> Mapping[str, float]:
    """Scores the events of one video.

    Precision is the fraction of predicted events that overlap with any true one by more than a threshold, recall that
    of true events. F1 is of their means over thresholds.
    """
    scores = {}
    for threshold in THRESHOLDS:
        hits = overlaps > threshold
        scores[f"precision_iou_{threshold}"] = float(hits.any(axis=0).mean()) if hits.shape[1] else 0.0
        scores[f"recall_iou_{threshold}"] = float(hits.any(axis=1).mean())
    precision, recall = (
        sum(scores[f"{name}_iou_{threshold}"] for threshold in THRESHOLDS) / len(THRESHOLDS)
        for name in ("precision", "recall")
    )
    f1 = 2 * recall * precision / (recall + precision) if recall + precision > 0 else 0.0
    return {**scores, "precision": precision, "recall": recall, "f1": f1}
