"""Metrics as pure functions of predictions and ground truth, tested against upstream's evaluation scripts."""

from timesuite_jax.metrics.bootstrap import Interval, bootstrap
from timesuite_jax.metrics.grounding import (
    THRESHOLDS,
    ConstantSpan,
    GroundingScores,
    best_constant_span,
    grounding_scores,
    hull_iou,
    random_spans,
    round_number_fractions,
    set_iou,
)
from timesuite_jax.metrics.highlights import average_precision, highlight_scores
from timesuite_jax.metrics.ranking import CUTOFFS, RankingScores

__all__ = [
    "CUTOFFS",
    "THRESHOLDS",
    "ConstantSpan",
    "GroundingScores",
    "Interval",
    "RankingScores",
    "average_precision",
    "best_constant_span",
    "bootstrap",
    "grounding_scores",
    "highlight_scores",
    "hull_iou",
    "random_spans",
    "round_number_fractions",
    "set_iou",
]
