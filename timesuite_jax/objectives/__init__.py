"""Objectives: pure loss functions, arrays in, sums and counts out."""

from timesuite_jax.objectives.item_cross_entropy import item_cross_entropy
from timesuite_jax.objectives.negative_sampling import sampled_cross_entropy
from timesuite_jax.objectives.next_token import answer_cross_entropy
from timesuite_jax.objectives.transition_distillation import Teacher, make_teacher, transition_distillation
from timesuite_jax.objectives.weight_penalty import half_squared_norm

__all__ = [
    "Teacher",
    "answer_cross_entropy",
    "half_squared_norm",
    "item_cross_entropy",
    "make_teacher",
    "sampled_cross_entropy",
    "transition_distillation",
]
