"""Seconds of a clip and of the video that it is a part of."""

import numpy as np
from jaxtyping import Float

Clip = tuple[float, float]  # start and end in seconds of the video; the end may be infinite


def clip_window(clip: Clip | None, duration: float) -> Clip:
    """Start and end of a clip that ends with its video, in seconds of the video; of the whole video if None."""
    start, end = clip or (0.0, duration)
    return start, min(end, duration)


def clip_duration(clip: Clip | None, duration: float) -> float:
    """Seconds of a clip that ends with its video."""
    start, end = clip_window(clip, duration)
    return end - start


def clip_seconds(seconds: Float[np.ndarray, " T"], clip: Clip | None) -> Float[np.ndarray, " T"]:
    """Times of frames in a clip, from its start.

    The frame displayed at the start of a clip may have appeared earlier: its time is 0.

    Args:
      seconds: of the video.
      clip: None for the whole video.
    """
    start = 0.0 if clip is None else clip[0]
    return np.maximum(seconds - start, 0.0)


def video_span(span: tuple[float, float], clip: Clip | None) -> tuple[float, float]:
    """A span of a clip, in seconds of its video."""
    start = 0.0 if clip is None else clip[0]
    return start + span[0], start + span[1]
