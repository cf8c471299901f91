"""Objectives: pure loss functions, arrays in, sums and counts out."""

from timesuite_jax.objectives.next_token import answer_cross_entropy

__all__ = ["answer_cross_entropy"]
