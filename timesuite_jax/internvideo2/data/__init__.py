"""Clips of videos for the stages of InternVideo2: batches for training, views for evaluation."""

from timesuite_jax.internvideo2.data.clip import UNLABELLED, Clip
from timesuite_jax.internvideo2.data.labels import check_classes, classes_of
from timesuite_jax.internvideo2.data.spec import ClipDataSpec
from timesuite_jax.internvideo2.data.stream import clip_stream
from timesuite_jax.internvideo2.data.views import ViewMaker, ViewSpec, check_views

__all__ = [
    "UNLABELLED",
    "Clip",
    "ClipDataSpec",
    "ViewMaker",
    "ViewSpec",
    "check_classes",
    "check_views",
    "classes_of",
    "clip_stream",
]
