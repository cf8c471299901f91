"""Bytes to arrays: opening and indexing videos, choosing and decoding frames, spatial transforms, JPEG and mp4 writing.

Nothing here knows of records, text or models. `sample_video` is the way in; a video that cannot be used raises
`VideoError` with one sentence.
"""

from timesuite_jax.media.deadline import Deadline
from timesuite_jax.media.decode import DEFAULT_DEADLINE_S, decode_frames
from timesuite_jax.media.encode import encode_mp4, write_mp4
from timesuite_jax.media.jpeg import decode_jpegs, encode_jpeg
from timesuite_jax.media.sampling import SampledVideo, SamplingSpec, choose_frames, choose_from_index, sample_video
from timesuite_jax.media.transforms import TransformSpec
from timesuite_jax.media.video_error import VideoError
from timesuite_jax.media.video_index import VideoIndex, index_video, open_video

__all__ = [
    "DEFAULT_DEADLINE_S",
    "Deadline",
    "SampledVideo",
    "SamplingSpec",
    "TransformSpec",
    "VideoError",
    "VideoIndex",
    "choose_frames",
    "choose_from_index",
    "decode_frames",
    "decode_jpegs",
    "encode_jpeg",
    "encode_mp4",
    "index_video",
    "open_video",
    "sample_video",
    "write_mp4",
]
