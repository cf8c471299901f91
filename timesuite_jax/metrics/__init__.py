"""Metrics: pure scoring in NumPy, without models or files, checked against the original's own evaluation scripts."""

from timesuite_jax.metrics.bootstrap import Interval, bootstrap
from timesuite_jax.metrics.grounding import (
    THRESHOLDS,
    ConstantSpan,
    GroundingScores,
    best_constant_span,
    grounding_scores,
    hull_iou,
    quantisation,
    random_spans,
    set_iou,
)
from timesuite_jax.metrics.highlights import average_precision, highlight_scores

__all__ = [
    "THRESHOLDS",
    "ConstantSpan",
    "GroundingScores",
    "Interval",
    "average_precision",
    "best_constant_span",
    "bootstrap",
    "grounding_scores",
    "highlight_scores",
    "hull_iou",
    "quantisation",
    "random_spans",
    "set_iou",
]
