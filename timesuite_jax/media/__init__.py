"""Bytes to arrays: indexes and decodes videos, samples frames, crops and resizes them, encodes JPEG and mp4.

Independent of records, text and models. `sample_video` is the entry point; a video that cannot be used raises
`VideoError`, whose one-sentence message names the file, the problem and the remedy.
"""

from timesuite_jax.media.completeness import ending
from timesuite_jax.media.deadline import Deadline
from timesuite_jax.media.decode import DEFAULT_DEADLINE_S, decode_frames, stream_frames
from timesuite_jax.media.encode import encode_mp4, write_mp4
from timesuite_jax.media.jpeg import decode_jpegs, encode_jpeg
from timesuite_jax.media.sampling import (
    SampledVideo,
    SamplingSpec,
    choose_frames,
    choose_from_index,
    sample_indexed,
    sample_video,
)
from timesuite_jax.media.transforms import TransformSpec
from timesuite_jax.media.video_error import VideoError
from timesuite_jax.media.video_file import Source, open_video
from timesuite_jax.media.video_index import VideoIndex, index_video
from timesuite_jax.media.video_notes import video_notes
from timesuite_jax.media.video_suffixes import VIDEO_SUFFIXES
from timesuite_jax.media.window_frames import decode_windows
from timesuite_jax.media.window_sampling import sample_windows

__all__ = [
    "DEFAULT_DEADLINE_S",
    "VIDEO_SUFFIXES",
    "Deadline",
    "SampledVideo",
    "SamplingSpec",
    "Source",
    "TransformSpec",
    "VideoError",
    "VideoIndex",
    "choose_frames",
    "choose_from_index",
    "decode_frames",
    "decode_jpegs",
    "decode_windows",
    "encode_jpeg",
    "encode_mp4",
    "ending",
    "index_video",
    "open_video",
    "sample_indexed",
    "sample_video",
    "sample_windows",
    "stream_frames",
    "video_notes",
    "write_mp4",
]
