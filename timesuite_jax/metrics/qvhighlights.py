"""Official evaluation of moment retrieval on QVHighlights: mean average precision and R@1 by length of the windows.

Follows `standalone_eval/eval.py` of Moment-DETR: the first ten predicted windows in the order of their scores for
average precision, the first one in the file for R@1. For a range of lengths, only the true windows of such lengths
count, and only the queries that have one.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from timesuite_jax.metrics.grounding import best_iou
from timesuite_jax.metrics.moment_retrieval import AP_THRESHOLDS, MAX_PREDICTIONS, moment_average_precision

# A window is longer than the first number of seconds and at most as long as the second.
LENGTHS = {"full": (0.0, np.inf), "short": (0.0, 10.0), "middle": (10.0, 30.0), "long": (30.0, 150.0)}
BRIEF = (
    *("MR-full-mAP", "MR-full-mAP@0.5", "MR-full-mAP@0.75", "MR-short-mAP", "MR-middle-mAP", "MR-long-mAP"),
    *("MR-full-R1@0.5", "MR-full-R1@0.7"),
)

Windows = Sequence[Sequence[float]]


def qvhighlights_moment_table(
    predictions: Sequence[Windows], truths: Sequence[Windows]
) -> dict[str, Float[np.ndarray, " queries"]]:
    """Returns one value per query for each metric of the official evaluation, as a fraction of 1.

    Args:
      predictions: windows of each query as (start, end) or (start, end, score), in the order of the file; none for a
        query without an answer, which scores 0.
      truths: true windows of each query as (start, end).

    Returns:
      "MR-full-mAP", "MR-full-mAP@0.5", ..., "MR-short-R1@0.95": NaN for a query without a true window of the length.
      The mean of the others is the metric.
    """
    columns: dict[str, list[float]] = {}
    for name, (shortest, longest) in LENGTHS.items():
        for predicted, truth in zip(predictions, truths, strict=True):
            within = list(truth) if name == "full" else [w for w in truth if shortest < w[1] - w[0] <= longest]
            ranked = sorted(predicted[:MAX_PREDICTIONS], key=lambda window: -window[2] if len(window) > 2 else 0.0)
            precision, iou = np.full(len(AP_THRESHOLDS), np.nan), np.nan
            if within:
                precision = moment_average_precision([window[:2] for window in ranked], within)
                iou = best_iou(predicted[0][:2], within) if len(predicted) else -1.0
            columns.setdefault(f"MR-{name}-mAP", []).append(float(precision.mean()))
            for threshold, value in zip(AP_THRESHOLDS, precision, strict=True):
                columns.setdefault(f"MR-{name}-mAP@{threshold}", []).append(float(value))
                columns.setdefault(f"MR-{name}-R1@{threshold}", []).append(
                    np.nan if np.isnan(iou) else float(iou >= threshold)
                )
    return {name: np.array(values) for name, values in columns.items()}
