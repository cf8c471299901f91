"""Metrics of moment retrieval by all spans of an answer, for questions with several true windows.

Average precision follows QVHighlights (Moment-DETR, `standalone_eval/eval.py`, which takes it from ActivityNet's
detection task): predicted spans in the order of the answer, each matched with the free true window of the highest IoU.
Set IoU compares the seconds that the spans cover together with those of the true windows.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from timesuite_jax.metrics.span_iou import hull_iou, set_iou

AP_THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
MAX_PREDICTIONS = 10  # spans of an answer that count for average precision, as in QVHighlights

Windows = Sequence[Sequence[float]]


def moment_average_precision(
    predicted: Windows, truth: Windows, thresholds: Sequence[float] = AP_THRESHOLDS
) -> Float[np.ndarray, " thresholds"]:
    """Computes the average precision of one answer at each IoU threshold, with interpolated precision.

    Args:
      predicted: (start, end) in seconds of each span of the answer, best first.
      truth: (start, end) in seconds of each true window, at least one.
      thresholds: IoU from which a span finds a window.
    """
    predicted = predicted[:MAX_PREDICTIONS]
    if not len(predicted):
        return np.zeros(len(thresholds))
    pairs = len(predicted), len(truth)
    left, right = np.repeat(np.array(predicted, np.float64), pairs[1], axis=0), np.tile(truth, (pairs[0], 1))
    iou = hull_iou(left, right.astype(np.float64)).reshape(pairs)
    return np.array([_area(_found(iou, threshold), pairs[1]) for threshold in thresholds])


def moment_table(
    predictions: Sequence[Windows], truths: Sequence[Windows]
) -> dict[str, Float[np.ndarray, " examples"]]:
    """Returns one value per question for each metric of all spans of its answer; the mean of each is the metric.

    Args:
      predictions: spans of each answer in seconds, best first; empty for an answer without a span.
      truths: true windows of each question in seconds, at least one each.

    Returns:
      `set_iou`; `map_iou_0.5`, `map_iou_0.75`, and `map`, the mean over IoU thresholds 0.5, 0.55, ..., 0.95.
    """
    pairs = list(zip(predictions, truths, strict=True))
    precision = np.array([moment_average_precision(*pair) for pair in pairs]).reshape(len(pairs), len(AP_THRESHOLDS))
    columns = {f"map_iou_{at}": precision[:, AP_THRESHOLDS.index(at)] for at in (0.5, 0.75)}
    return {"set_iou": np.array([set_iou(*pair) for pair in pairs]), **columns, "map": precision.mean(axis=1)}


def _found(iou: Float[np.ndarray, "predicted truth"], threshold: float) -> Bool[np.ndarray, " predicted"]:
    """Whether each span finds a window that no earlier span has found."""
    free = np.ones(iou.shape[1], bool)
    found = np.zeros(iou.shape[0], bool)
    for row, overlaps in enumerate(iou):
        candidates = np.where(free & (overlaps >= threshold), overlaps, -1.0)
        best = len(candidates) - 1 - int(np.argmax(candidates[::-1]))  # the last of equals, as in the original
        if candidates[best] >= 0:
            found[row], free[best] = True, False
    return found


def _area(found: Bool[np.ndarray, " predicted"], windows: int) -> float:
    """Area under the curve of interpolated precision over recall."""
    precision = np.cumsum(found) / np.arange(1, len(found) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]  # the highest at this recall or a higher one
    return float(precision[found].sum() / windows)
