"""Decodes chosen frames of a record: of its video, of a clip of it, or stored ones."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Int, UInt8

from timesuite_jax.data.corpora import Record
from timesuite_jax.media import Deadline, VideoIndex, decode_jpegs
from timesuite_jax.media.chosen_frames import decode_chosen
from timesuite_jax.media.sampling import check_clip
from timesuite_jax.media.transforms import short_side
from timesuite_jax.timing.frames import span_frames

Choose = Callable[[int, float], Int[np.ndarray, " T"]]  # (N, frames per second) to T numbers of frames below N


def record_frames(
    record: Record, choose: Choose, *, decode_side: int, deadline_s: float
) -> UInt8[np.ndarray, "T H W 3"]:
    """Decodes frames of a record.

    Args:
      record: with its media.
      choose: chooses among the frames of the record's clip.
      decode_side: largest short side of the frames.
      deadline_s: wall seconds that decoding may take.

    Raises:
      VideoError: the video cannot be used.
    """

    def resize(height: int, width: int) -> tuple[int, int]:
        fits = min(height, width) <= decode_side
        return (height, width) if fits else short_side(height, width, decode_side)

    if record.video is None:
        count = len(record.frames)
        numbers = choose(count, count / record.duration)
        needed, places = np.unique(numbers, return_inverse=True)
        frames = decode_jpegs([record.frames[number] for number in needed], name=record.video_name, resize=resize)
        return frames[places]

    def choose_of_clip(index: VideoIndex) -> tuple[Int[np.ndarray, " T"], None]:
        first, end = 0, len(index)
        if record.clip is not None:
            check_clip(index.name, index.duration, record.clip)
            first, end = span_frames(index.times, record.clip)
        return first + choose(end - first, index.average_rate), None

    deadline = Deadline(record.video_name, deadline_s)
    frames, _, _ = decode_chosen(record.video, choose_of_clip, name=record.video_name, deadline=deadline, resize=resize)
    return frames
