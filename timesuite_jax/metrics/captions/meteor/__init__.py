"""METEOR 1.5 for English without Java."""

from timesuite_jax.metrics.captions.meteor.scorer import Meteor

__all__ = ["Meteor"]
