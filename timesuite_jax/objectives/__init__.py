"""Objectives: pure loss functions of arrays, which return sums and counts."""

from timesuite_jax.objectives.chunked_scores import RowLosses, chunked_scores
from timesuite_jax.objectives.contrastive import contrastive_loss, same_content, scale_gradient, similarities
from timesuite_jax.objectives.feature_reconstruction import feature_distance, unit_vectors
from timesuite_jax.objectives.masked_words import WordDraws, draw_words, hide_words, masked_word_loss
from timesuite_jax.objectives.matching import choose_negatives, matching_loss, negative_logits
from timesuite_jax.objectives.next_token import answer_cross_entropy
from timesuite_jax.objectives.score_head import ScoreInputs
from timesuite_jax.objectives.soft_target import smoothed_targets, soft_cross_entropy

__all__ = [
    "RowLosses",
    "ScoreInputs",
    "WordDraws",
    "answer_cross_entropy",
    "choose_negatives",
    "chunked_scores",
    "contrastive_loss",
    "draw_words",
    "feature_distance",
    "hide_words",
    "masked_word_loss",
    "matching_loss",
    "negative_logits",
    "same_content",
    "scale_gradient",
    "similarities",
    "smoothed_targets",
    "soft_cross_entropy",
    "unit_vectors",
]
