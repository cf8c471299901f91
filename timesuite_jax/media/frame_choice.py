"""Upstream's rules for sampling frames by index, reproduced exactly.

Follows `get_frame_indices` of TimeSuite's dataset/video_utils.py (training) and `get_index` of its evaluation scripts.
All of them work on frame numbers and divide by the average rate to get seconds, which is wrong for a variable frame
rate; new runs sample by presentation time, see `timesuite_jax.media.sampling`.
"""

import random
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from jaxtyping import Int


def interval_edges(num_frames: int, frame_count: int) -> Int[np.ndarray, " edges"]:
    """Returns the edges of min(num_frames, frame_count) intervals of equal length, rounded down to frame numbers."""
    return np.linspace(0, frame_count, min(num_frames, frame_count) + 1).astype(int)


def middle_indices(num_frames: int, frame_count: int) -> Int[np.ndarray, " T"]:
    """Selects the middle frame of each interval; a short video yields all its frames, then repeats the last."""
    edges = interval_edges(num_frames, frame_count)
    return _padded((edges[:-1] + edges[1:] - 1) // 2, num_frames)


def first_indices(num_frames: int, frame_count: int, offset: int = 0) -> Int[np.ndarray, " T"]:
    """Selects the frame `offset` frames after the start of each interval (upstream's `fix_start`)."""
    return _padded(interval_edges(num_frames, frame_count)[:-1] + offset, num_frames)


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
    try:
        chosen = [choose.choice(range(start, end - 1)) for start, end in pairwise(edges)]
    except IndexError:  # raised by `choice` for an empty range
        chosen = np.sort(permutation(frame_count)[: len(edges) - 1])
    return _padded(np.asarray(chosen, np.int64), num_frames)


def fixed_rate_indices(
    rate: float, frame_count: int, *, video_rate: float, max_num_frames: int = -1
) -> Int[np.ndarray, " T"]:
    """Selects the frames at the middles of windows of 1/`rate` seconds (upstream's `fps0.5` and the like)."""
    step = 1 / rate
    seconds = np.arange(step / 2, frame_count / video_rate + step / 2, step)
    indices = np.around(seconds * video_rate).astype(int)
    indices = indices[indices < frame_count]
    return indices[:max_num_frames] if max_num_frames > 0 else indices


def evaluation_indices(num_frames: int, frame_count: int) -> Int[np.ndarray, " T"]:
    """Selects upstream's evaluation grid: offset + round(k * (frame_count - 1) / num_frames), rounding half to even."""
    segment = (frame_count - 1) / num_frames
    return int(segment / 2) + np.round(segment * np.arange(num_frames)).astype(int)


def frame_index_seconds(indices: Int[np.ndarray, " T"], rate: float, *, clip_start: float | None = None) -> list[float]:
    """Computes timestamps as upstream does: frame number / average rate, rounded to one decimal.

    Within a clip, upstream adds 0.1 s and takes the absolute value; both quirks are kept for parity.
    """
    if clip_start is None:
        return [round(float(index / rate), 1) for index in indices]
    return [round(abs(float(index / rate) - clip_start + 0.1), 1) for index in indices]


def _padded(indices: np.ndarray, num_frames: int) -> np.ndarray:
    return np.concatenate([indices, np.repeat(indices[-1:], num_frames - len(indices))])
