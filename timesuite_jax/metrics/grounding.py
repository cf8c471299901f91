"""Metrics of temporal grounding by the first span of an answer: R@1 at IoU thresholds and mean IoU.

R@1 follows upstream's `metrics/tvg/eval_tvg.py` (the Charades-STA protocol): the first span of an answer counts, an
answer without a span is a miss, and the denominator is the number of questions. Where a question has several true
windows, the one with the highest IoU counts, as in QVHighlights' moment retrieval (Moment-DETR,
`standalone_eval/eval.py`); `moment_retrieval` scores all spans of an answer. Mean IoU and the rates of answers without
a span are additions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from timesuite_jax.metrics.span_iou import hull_iou

THRESHOLDS = (0.3, 0.5, 0.7)


@dataclass(frozen=True)
class GroundingScores:
    """Scores per question, for confidence intervals and subsets.

    Attributes:
      iou: IoU of the first span of each answer with the best true window; 0 without a span.
      parsed: whether the answer has a span.
      absent: whether the answer, without a span, states that the event does not happen: wrong, but not a failure to
        parse.
    """

    iou: Float[np.ndarray, " examples"]
    parsed: Bool[np.ndarray, " examples"]
    absent: Bool[np.ndarray, " examples"]

    def hits(self, threshold: float) -> Bool[np.ndarray, " examples"]:
        """Whether each IoU reaches the threshold; an answer without a span is a miss even at threshold 0."""
        return self.parsed & (self.iou >= threshold)

    def table(self, thresholds: Sequence[float] = THRESHOLDS) -> dict[str, Float[np.ndarray, " examples"]]:
        """Returns one value per question for each metric, for `bootstrap`; the mean of each is the metric."""
        columns = {f"r1_iou_{threshold}": self.hits(threshold).astype(np.float64) for threshold in thresholds}
        failed = ~self.parsed & ~self.absent
        rates = {"parse_failures": failed.astype(np.float64), "absent_answers": self.absent.astype(np.float64)}
        return {**columns, "miou": self.iou, **rates}

    def summary(self, thresholds: Sequence[float] = THRESHOLDS) -> dict[str, float]:
        """Returns the mean of each metric of `table`, as a fraction of 1, and the count `n`."""
        return {**{name: float(column.mean()) for name, column in self.table(thresholds).items()}, "n": len(self.iou)}


def grounding_scores(
    predictions: Sequence[Sequence[float] | None],
    truths: Sequence[Sequence[float] | Sequence[Sequence[float]]],
    absent: Sequence[bool] | None = None,
) -> GroundingScores:
    """Scores predicted spans against ground truth.

    Args:
      predictions: (start, end) in seconds for each question, None for an answer without a span.
      truths: (start, end) in seconds for each question, or several such windows, of which the best counts.
      absent: for each question, whether an answer without a span states that the event does not happen; None for no
        such answer.

    Raises:
      ValueError: the numbers of predictions and truths differ or are zero, or a question has no true window.
    """
    if len(predictions) != len(truths) or not len(truths):
        raise ValueError(
            f"{len(predictions)} predictions for {len(truths)} questions; give one per question, None for no span"
        )
    empty = [number for number, truth in enumerate(truths) if not len(truth)]
    if empty:
        raise ValueError(f"question {empty[0]} has no true window; leave it out, or give at least one (start, end)")
    parsed = np.array([prediction is not None for prediction in predictions])
    iou = [
        0.0 if prediction is None else best_iou(prediction, truth)
        for prediction, truth in zip(predictions, truths, strict=True)
    ]
    stated = np.zeros(len(parsed), bool) if absent is None else np.asarray(absent, bool)
    return GroundingScores(np.array(iou, np.float64), parsed, stated & ~parsed)


def best_iou(prediction: Sequence[float], truth: Sequence[float] | Sequence[Sequence[float]]) -> float:
    """Computes the highest IoU of a span with one of the true windows, all (start, end) in seconds."""
    windows = np.atleast_2d(np.asarray(truth, np.float64))[:, :2]
    spans = np.broadcast_to(np.asarray(prediction, np.float64)[:2], windows.shape)
    return float(hull_iou(spans, windows).max())
