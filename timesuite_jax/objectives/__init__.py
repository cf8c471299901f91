"""Objectives: pure loss functions of arrays, which return sums and counts."""

from timesuite_jax.objectives.chunked_scores import RowLosses, chunked_scores
from timesuite_jax.objectives.feature_reconstruction import feature_distance, unit_vectors
from timesuite_jax.objectives.next_token import answer_cross_entropy
from timesuite_jax.objectives.score_head import ScoreInputs
from timesuite_jax.objectives.soft_target import smoothed_targets, soft_cross_entropy

__all__ = [
    "RowLosses",
    "ScoreInputs",
    "answer_cross_entropy",
    "chunked_scores",
    "feature_distance",
    "smoothed_targets",
    "soft_cross_entropy",
    "unit_vectors",
]
