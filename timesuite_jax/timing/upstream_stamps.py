"""The original's times: frame numbers divided by the average frame rate, which is wrong for a variable frame rate."""

import math

import numpy as np
from jaxtyping import Float, Int

from timesuite_jax.timing.clips import Clip
from timesuite_jax.timing.rounding import Rounding, rounded_all

# Upstream adds this to the times of a clip, and takes the absolute value.
CLIP_OFFSET_S = 0.1


def index_seconds(
    indices: Int[np.ndarray, " T"],
    rate: float,
    *,
    clip_start: float | None = None,
    clip_offset: float = CLIP_OFFSET_S,
    rounding: Rounding = "numpy",
) -> Float[np.ndarray, " T"]:
    """Computes times as upstream does: frame number / average rate, rounded to one decimal.

    Args:
      indices: frame numbers.
      rate: average frames per second.
      clip_start: start of the clip in seconds; None for a whole video.
      clip_offset: added to the times of a clip; upstream's 0.1 s for parity, 0 for correct times.
      rounding: upstream calls `round`, which rounds NumPy's numbers by scaling (1.25 / 0.05 -> 0.2) and Python's by
        their exact decimal value. Its frame numbers are NumPy integers, except those of `random_indices` without a
        permutation; at 20 frames per second every fifth time differs.
    """
    seconds = indices / rate if clip_start is None else np.abs(indices / rate - clip_start + clip_offset)
    return rounded_all(seconds, rounding)


def index_times(frame_count: int, rate: float) -> Float[np.ndarray, " frames"]:
    """Times of all frames of a video on upstream's clock, not rounded: to find the frames of an answer's times."""
    return np.arange(frame_count) / rate


def training_frames(clip: Clip | None, frame_count: int, rate: float) -> tuple[int, int]:
    """First frame and number of frames of a clip in upstream's training: products rounded down, not limited."""
    if clip is None:
        return 0, frame_count
    start, end = clip
    first = int(start * rate)
    return first, frame_count - first if math.isinf(end) else int((end - start) * rate)


def evaluation_frames(clip: Clip | None, frame_count: int, rate: float) -> tuple[int, int]:
    """First and last frame of a clip in upstream's evaluation: products rounded, limited to the video."""
    last = frame_count - 1
    if clip is None:
        return 0, last
    start, end = clip
    return min(round(start * rate), last), last if math.isinf(end) else min(round(end * rate), last)
