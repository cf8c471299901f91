"""Frames of a record as small JPEG files, for a page."""

from collections.abc import Sequence

import numpy as np

from timesuite_jax.data.corpora import Record
from timesuite_jax.media import SamplingSpec, decode_jpegs, encode_jpeg, sample_video
from timesuite_jax.media.transforms import short_side

_SIDE = 96  # pixels of the short side
_QUALITY = 80


def sample_frames(record: Record, count: int, deadline_s: float) -> Sequence[tuple[float, bytes]]:
    """Returns evenly spaced frames as (seconds from the start of the clip, JPEG file).

    Args:
      record: with its media.
      count: of frames; stored frames may be fewer.
      deadline_s: wall seconds that decoding the video may take.

    Raises:
      VideoError: the media are damaged.
    """
    if record.video is None:
        stored = len(record.frames)
        chosen = np.linspace(0, stored - 1, min(count, stored)).round().astype(int)
        frames = decode_jpegs([record.frames[number] for number in chosen], name=record.id, resize=_size)
        seconds = [record.frame_times[number] for number in chosen]
    else:
        video = sample_video(
            record.video, SamplingSpec(count), clip=record.clip, resize=_size, deadline_s=deadline_s, name=record.id
        )
        frames, seconds = video.frames, video.seconds.tolist()
    return [(second, encode_jpeg(frame, quality=_QUALITY)) for second, frame in zip(seconds, frames, strict=True)]


def _size(height: int, width: int) -> tuple[int, int]:
    return (height, width) if min(height, width) <= _SIDE else short_side(height, width, _SIDE)
