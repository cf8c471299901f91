"""Frames of a video's windows, one window after another, in constant memory."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt8

from timesuite_jax.embeddings.video.request import FeatureEncoder, FeatureRequest
from timesuite_jax.errors import UserError
from timesuite_jax.media import Source, VideoIndex, decode_windows
from timesuite_jax.media.frame_converter import Resize
from timesuite_jax.media.video_error import VideoError
from timesuite_jax.timing.frames import displayed_frames
from timesuite_jax.timing.windows import MAX_WINDOWS, sliding_windows


class Window(NamedTuple):
    """A window of a video.

    Attributes:
      number: counted from 0.
      count: windows of the video.
      span: start and end in seconds.
      seconds: presentation time of each frame.
      frames: sampled frames.
    """

    number: int
    count: int
    span: tuple[float, float]
    seconds: Float[np.ndarray, " F"]
    frames: UInt8[np.ndarray, "F H W 3"]


def video_windows(
    source: Source, name: str, encoder: FeatureEncoder, request: FeatureRequest, *, threads: int = 1
) -> Iterator[Window]:
    """Decodes the windows of a video: the frames displayed in the middle of equal parts of each.

    Frames that two windows share are decoded once, and kept no longer than a window needs them.

    Args:
      source: path or encoded bytes.
      name: for error messages.
      encoder: number and size of frames.
      request: windows.
      threads: decoder threads.

    Raises:
      VideoError: the video cannot be used.
    """
    resize = _square(encoder.image_size, request.crop)
    windows = decode_windows(
        source,
        lambda index: _choose(index, encoder.num_frames, request),
        name=name,
        resize=resize,
        threads=threads,
    )
    for number, (spans, numbers), index, frames in windows:
        central = np.stack([_central(frame, encoder.image_size) for frame in frames])
        yield Window(number, len(spans), (spans[number, 0], spans[number, 1]), index.times[numbers[number]], central)


def _choose(
    index: VideoIndex, num_frames: int, request: FeatureRequest
) -> tuple[Int[np.ndarray, "windows F"], tuple[Float[np.ndarray, "windows 2"], Int[np.ndarray, "windows F"]]]:
    try:
        spans = sliding_windows(index.duration, request.window, request.stride)
    except UserError as error:  # other videos may be short enough
        problem = f"of {index.duration:g} s has more than {MAX_WINDOWS:,} windows at a stride of {request.stride:g} s"
        raise VideoError(index.name, problem, "raise the stride", "too_long") from error
    middles = (np.arange(num_frames) + 0.5) / num_frames
    moments = spans[:, :1] + np.einsum("w,f->wf", spans[:, 1] - spans[:, 0], middles)
    numbers = displayed_frames(index.times, moments.reshape(-1)).reshape(moments.shape)
    return numbers, (spans, numbers)


def _square(size: int, crop: str) -> Resize:
    """The size to which a frame is scaled: the square itself, or with its shorter side as long as the square's."""

    def resize(height: int, width: int) -> tuple[int, int]:
        if crop == "squash":
            return size, size
        shorter = min(height, width)
        return max(size, round(height * size / shorter)), max(size, round(width * size / shorter))

    return resize


def _central(frame: UInt8[np.ndarray, "H W 3"], size: int) -> UInt8[np.ndarray, "size size 3"]:
    top, left = (frame.shape[0] - size) // 2, (frame.shape[1] - size) // 2
    return frame[top : top + size, left : left + size]
