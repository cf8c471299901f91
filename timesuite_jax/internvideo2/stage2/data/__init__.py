"""Videos and images with captions: records to samples, and batches of one kind of media."""

from timesuite_jax.internvideo2.stage2.data.captions import CaptionTokens
from timesuite_jax.internvideo2.stage2.data.media_stream import pair_stream, steps_per_epoch
from timesuite_jax.internvideo2.stage2.data.spec import VideoTextDataSpec

__all__ = ["CaptionTokens", "VideoTextDataSpec", "pair_stream", "steps_per_epoch"]
