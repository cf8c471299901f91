"""Scores of all spans of an answer as a set, as VUE-TR's evaluation computes them (github.com/bytedance/vidi).

Predicted spans that overlap are merged for the IoU, true ones are not. A curve is the share of questions whose value
exceeds (IoU) or reaches (precision, recall) each of 101 thresholds from 0 to 1; its area is the mean over the questions
of the area of each, which is what `interval_table` returns.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from timesuite_jax.evaluation import Span

Spans = Sequence[Span]
_GRID = np.linspace(0.0, 1.0, 101)


def interval_table(
    predictions: Sequence[Spans], truths: Sequence[Spans], thresholds: Sequence[float]
) -> dict[str, Float[np.ndarray, " questions"]]:
    """Returns one value per question for each metric.

    Args:
      predictions: spans of each answer in seconds.
      truths: true windows of each question in seconds.
      thresholds: IoU of two sets from which an answer is right.

    Returns:
      `interval_iou`, `interval_r1_iou_*`, and the areas `interval_iou_auc`, `interval_precision_auc` (NaN for an answer
      without seconds) and `interval_recall_auc` (NaN without true seconds).
    """
    pairs = list(zip(predictions, truths, strict=True))
    iou = np.array([interval_iou(*pair) for pair in pairs], np.float64)
    overlap = np.array([_overlap(_ordered(answer), _ordered(truth)) for answer, truth in pairs], np.float64)
    precision, recall = (
        np.array([part / whole if whole else np.nan for part, whole in zip(overlap, lengths, strict=True)], np.float64)
        for lengths in ([_length(_ordered(one)) for one in side] for side in (predictions, truths))
    )
    return {
        "interval_iou": iou,
        **{f"interval_r1_iou_{threshold}": (iou >= threshold).astype(np.float64) for threshold in thresholds},
        "interval_iou_auc": _area(iou[:, None] > _GRID),
        "interval_precision_auc": np.where(np.isnan(precision), np.nan, _area(precision[:, None] >= _GRID)),
        "interval_recall_auc": np.where(np.isnan(recall), np.nan, _area(recall[:, None] >= _GRID)),
    }


def interval_iou(predicted: Spans, truth: Spans) -> float:
    """Computes the IoU of two sets of spans; 1 if both are empty.

    Args:
      predicted: merged where they overlap; spans that end before they start are left out.
      truth: as they are; seconds that two of them have count twice.
    """
    if not truth or not predicted:
        return float(not truth and not predicted)
    merged = [span for span in _merge(predicted) if span[0] <= span[1]]
    overlap = sum(max(0.0, min(a[1], b[1]) - max(a[0], b[0])) for a in merged for b in truth)
    union = _length(merged) + _length(truth) - overlap
    return float(min(1.0, max(0.0, overlap / (union + 1e-16))))


def _merge(spans: Spans) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans, key=lambda span: span[0]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _ordered(spans: Spans) -> list[Span]:
    return sorted((min(span), max(span)) for span in spans)


def _length(spans: Spans) -> float:
    return sum(end - start for start, end in spans)


def _overlap(one: list[Span], other: list[Span]) -> float:
    """Seconds that two lists of spans share, both passed through once in order of start."""
    i = j = 0
    seconds = 0.0
    while i < len(one) and j < len(other):
        seconds += max(0.0, min(one[i][1], other[j][1]) - max(one[i][0], other[j][0]))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return seconds


def _area(reached: Bool[np.ndarray, "questions thresholds"]) -> Float[np.ndarray, " questions"]:
    """Area under the curve of each question by the trapezoidal rule."""
    values = reached.astype(np.float64)
    return ((values[:, 1:] + values[:, :-1]) / 2 * np.diff(_GRID)).sum(axis=1)
