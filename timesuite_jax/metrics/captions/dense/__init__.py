"""Scores of dense captions: events of a video, each with its caption."""

from timesuite_jax.metrics.captions.dense.detection import event_recalls
from timesuite_jax.metrics.captions.dense.events import Event, VideoEvents
from timesuite_jax.metrics.captions.dense.scores import (
    DenseCaptionScores,
    dense_caption_metrics,
    dense_caption_scores,
)

__all__ = [
    "DenseCaptionScores",
    "Event",
    "VideoEvents",
    "dense_caption_metrics",
    "dense_caption_scores",
    "event_recalls",
]
