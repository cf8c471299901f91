"""Heads that find the moments of a video that a query is about, from features of both."""

from timesuite_jax.models.grounding.moment_head import MomentHead, Moments
from timesuite_jax.models.grounding.moment_head_spec import MomentHeadSpec

__all__ = ["MomentHead", "MomentHeadSpec", "Moments"]
