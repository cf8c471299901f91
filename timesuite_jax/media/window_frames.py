"""Frames of windows of a video, decoded in one pass over the file, one window after another, in constant memory."""

import math
from collections.abc import Callable, Iterator
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from jaxtyping import Int, UInt8

from timesuite_jax.media.deadline import Deadline
from timesuite_jax.media.decode import stream_frames
from timesuite_jax.media.frame_converter import Resize
from timesuite_jax.media.video_error import DamagedFrame
from timesuite_jax.media.video_file import Source
from timesuite_jax.media.video_index import VideoIndex, index_video

Facts = TypeVar("Facts")


class DecodedWindow(NamedTuple, Generic[Facts]):
    """A window of a video.

    Attributes:
      number: counted from 0.
      facts: what the choice of frames returned about all windows.
      index: of the video.
      frames: in the order of the chosen numbers.
    """

    number: int
    facts: Facts
    index: VideoIndex
    frames: UInt8[np.ndarray, "F H W 3"]


def decode_windows(
    source: Source,
    choose: Callable[[VideoIndex], tuple[Int[np.ndarray, "windows F"], Facts]],
    *,
    name: str,
    resize: Resize | None = None,
    threads: int = 1,
    first: int = 0,
) -> Iterator[DecodedWindow[Facts]]:
    """Decodes the frames of each window.

    Frames that windows share are decoded once, and kept no longer than a window needs them.

    Args:
      source: path or encoded bytes.
      choose: returns the frame numbers of each window, ascending within a window and, in each column, between them,
        and facts about the windows; called again if the index was wrong.
      name: of the video, for error messages.
      resize: see `decode_frames`.
      threads: decoder threads.
      first: number of the first window to decode.

    Raises:
      VideoError: the video cannot be used.
    """
    for exact in (False, True):
        index = index_video(source, name=name, deadline=Deadline(name, math.inf), threads=threads, exact=exact)
        numbers, facts = choose(index)
        decoded = stream_frames(source, index, np.unique(numbers[first:]), resize=resize, threads=threads)
        held: dict[int, np.ndarray] = {}
        try:
            for number in range(first, len(numbers)):
                while int(numbers[number, -1]) not in held:
                    found, frame = next(decoded)
                    held[found] = frame
                frames = np.stack([held[int(frame)] for frame in numbers[number]])
                yield DecodedWindow(number, facts, index, frames)
                first = number + 1
                following = numbers[first, 0] if first < len(numbers) else len(index)
                held = {frame: pixels for frame, pixels in held.items() if frame >= following}
        except DamagedFrame:
            # Unless the stream was decoded to index it, the index may be wrong about which packets become frames.
            if index.order.exact:
                raise
            continue
        return
