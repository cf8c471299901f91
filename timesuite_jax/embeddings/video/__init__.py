"""Features of videos by sliding windows: windows, batches across videos, files."""

from timesuite_jax.embeddings.video.extraction import extract_features, features_of_videos
from timesuite_jax.embeddings.video.feature_file import FORMATS, VideoFeatures, read_features, write_features
from timesuite_jax.embeddings.video.request import FeatureEncoder, FeatureRequest

__all__ = [
    "FORMATS",
    "FeatureEncoder",
    "FeatureRequest",
    "VideoFeatures",
    "extract_features",
    "features_of_videos",
    "read_features",
    "write_features",
]
