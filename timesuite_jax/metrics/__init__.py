"""Metrics: pure scoring, without models or files, checked against the original's own evaluation scripts.

In NumPy, save for the ranking of all items, which is done where their scores are.
"""

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
from timesuite_jax.metrics.ranking import CUTOFFS, RankingScores, best_items, push_down_seen, rank

__all__ = [
    "CUTOFFS",
    "THRESHOLDS",
    "ConstantSpan",
    "GroundingScores",
    "Interval",
    "RankingScores",
    "average_precision",
    "best_constant_span",
    "best_items",
    "bootstrap",
    "grounding_scores",
    "highlight_scores",
    "hull_iou",
    "push_down_seen",
    "quantisation",
    "random_spans",
    "rank",
    "set_iou",
]
