"""Upstream's rules for sampling frames by index, reproduced exactly.

Follows `get_frame_indices` of TimeSuite's dataset/video_utils.py (training) and `get_index` of its evaluation scripts.
All of them work on frame numbers and divide by the average rate to get seconds, which is wrong for a variable frame
rate; new runs sample by presentation time, see `timesuite_jax.media.sampling`.
"""

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

Rounding = Literal["numpy", "python"]


def interval_edges(num_frames: int, frame_count: int) -> Int[np.ndarray, " edges"]:
    """Returns the edges of min(num_frames, frame_count) intervals of equal length, rounded down to frame numbers."""
    return np.linspace(0, frame_count, min(num_frames, frame_count) + 1).astype(int)


def middle_indices(num_frames: int, frame_count: int) -> Int[np.ndarray, " T"]:
    """Selects the middle frame of each interval; a short video yields all its frames, then repeats the last."""
    edges = interval_edges(num_frames, frame_count)
    return _padded((edges[:-1] + edges[1:] - 1) // 2, num_frames)


def random_indices(
    num_frames: int,
    frame_count: int,
    *,
    choose: random.Random,
    permutation: Callable[[int], Int[np.ndarray, " count"]],
) -> Int[np.ndarray, " T"]:
    """Selects a random frame of each interval.

    Two quirks of upstream are kept for parity: the last frame of an interval is never selected, and if any interval has
    a single frame (videos shorter than about 2 * num_frames), all frames come from one random permutation of the video
    instead. `choose` and `permutation` replace upstream's two global generators, Python's and NumPy's.
    """
    edges = interval_edges(num_frames, frame_count)
    if uses_permutation(num_frames, frame_count):
        chosen = np.sort(permutation(frame_count)[: len(edges) - 1])
    else:
        chosen = [choose.choice(range(start, end - 1)) for start, end in pairwise(edges)]
    return _padded(np.asarray(chosen, np.int64), num_frames)


def uses_permutation(num_frames: int, frame_count: int) -> bool:
    """Returns whether an interval of `random_indices` has a single frame, so that upstream permutes the video."""
    return bool((np.diff(interval_edges(num_frames, frame_count)) < 2).any())


def evaluation_indices(num_frames: int, frame_count: int, *, first: int = 0) -> Int[np.ndarray, " T"]:
    """Selects upstream's evaluation grid of the frames `first` ... `frame_count` - 1.

    Frame k is first + floor(segment / 2) + round(k * segment), rounding half to even, with segment = the number of the
    last frame minus `first`, divided by `num_frames`.
    """
    segment = (frame_count - 1 - first) / num_frames
    return first + int(segment / 2) + np.round(segment * np.arange(num_frames)).astype(int)


def frame_index_seconds(
    indices: Int[np.ndarray, " T"], rate: float, *, clip_start: float | None = None, rounding: Rounding = "numpy"
) -> Float[np.ndarray, " T"]:
    """Computes timestamps as upstream does: frame number / average rate, rounded to one decimal.

    Within a clip, upstream adds 0.1 s and takes the absolute value; both quirks are kept for parity.

    Args:
      indices: frame numbers.
      rate: average frames per second.
      clip_start: start of the clip in seconds; None for a whole video.
      rounding: upstream calls `round`, which rounds NumPy's numbers by scaling (1.25 / 0.05 -> 0.2) and Python's by
        their exact decimal value. Its frame numbers are NumPy integers, except those of `random_indices` without a
        permutation; at 20 frames per second every fifth timestamp differs.
    """
    seconds = indices / rate if clip_start is None else np.abs(indices / rate - clip_start + 0.1)
    if rounding == "numpy":
        return np.round(seconds, 1)
    return np.array([round(float(second), 1) for second in seconds], np.float64)


def _padded(indices: np.ndarray, num_frames: int) -> np.ndarray:
    return np.concatenate([indices, np.repeat(indices[-1:], num_frames - len(indices))])
