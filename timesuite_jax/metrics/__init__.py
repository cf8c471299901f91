"""Metrics as pure functions of predictions and ground truth, tested against upstream's evaluation scripts."""

from timesuite_jax.metrics.bootstrap import Interval, bootstrap
from timesuite_jax.metrics.grounding import THRESHOLDS, GroundingScores, best_iou, grounding_scores
from timesuite_jax.metrics.grounding_baselines import (
    ConstantSpan,
    best_constant_span,
    random_spans,
    round_number_fractions,
)
from timesuite_jax.metrics.highlights import average_precision, highlight_scores
from timesuite_jax.metrics.moment_retrieval import moment_average_precision, moment_table
from timesuite_jax.metrics.ranking import CUTOFFS, RankingScores
from timesuite_jax.metrics.span_iou import hull_iou, set_iou

__all__ = [
    "CUTOFFS",
    "THRESHOLDS",
    "ConstantSpan",
    "GroundingScores",
    "Interval",
    "RankingScores",
    "average_precision",
    "best_constant_span",
    "best_iou",
    "bootstrap",
    "grounding_scores",
    "highlight_scores",
    "hull_iou",
    "moment_average_precision",
    "moment_table",
    "random_spans",
    "round_number_fractions",
    "set_iou",
]
