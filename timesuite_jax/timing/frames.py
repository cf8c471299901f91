"""Frame numbers and seconds of a video with any, also a variable, frame rate."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

# Times that differ by less are equal: they are products of integers with a container's time base, in floating point.
SAME_TIME_S = 1e-6


class FrameRange(NamedTuple):
    """Consecutive frames, half-open: `first` is the first one, `end` the one after the last."""

    first: int
    end: int

    @property
    def last(self) -> int:
        """The last frame."""
        return self.end - 1


def displayed_frames(times: Float[np.ndarray, " frames"], seconds: Float[np.ndarray, " T"]) -> Int[np.ndarray, " T"]:
    """Numbers of the frames that are displayed at some times.

    Args:
      times: presentation time of every frame of the video, ascending.
      seconds: of the same clock; after the last frame, that frame is displayed.
    """
    return np.maximum(np.searchsorted(times, seconds, side="right") - 1, 0)


def span_frames(times: Float[np.ndarray, " frames"], span: tuple[float, float]) -> FrameRange:
    """The frames of a half-open span of seconds, at least one.

    Args:
      times: presentation time of every frame of the video, ascending.
      span: start and end in seconds of the same clock.
    """
    start, end = span
    first = int(displayed_frames(times, np.array([start + SAME_TIME_S]))[0])
    after = int(np.searchsorted(times, end - SAME_TIME_S, side="left"))
    return FrameRange(first, max(after, first + 1))


def frames_span(times: Float[np.ndarray, " frames"], duration: float, frames: FrameRange) -> tuple[float, float]:
    """Start and end, in seconds, of a half-open range of frames; the inverse of `span_frames`.

    Args:
      times: presentation time of every frame of the video, ascending.
      duration: end of the last frame.
      frames: at least one frame of the video.

    Raises:
      ValueError: the range is empty, or the video does not have the frames.
    """
    first, end = frames
    if not 0 <= first < end <= len(times):
        raise ValueError(f"frames [{first}, {end}) are empty or not among the {len(times)} frames of the video")
    return float(times[first]), float(duration if end == len(times) else times[end])
