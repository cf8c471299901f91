"""Which frames of a video are looked at: the original's index rules, kept exactly.

Follows `get_frame_indices` of TimeSuite's dataset/video_utils.py (training) and `get_index` of its evaluation scripts.
All of them think in frame numbers and divide by the average rate to get seconds, which is wrong for a variable frame
rate; `timesuite_jax.media.sampling` is how new runs sample.
"""

import random
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from jaxtyping import Int


def interval_edges(num_frames: int, frame_count: int) -> Int[np.ndarray, " edges"]:
    """Edges of min(num_frames, frame_count) intervals of equal length, rounded down to frames."""
    return np.linspace(0, frame_count, min(num_frames, frame_count) + 1).astype(int)


def middle_indices(num_frames: int, frame_count: int) -> Int[np.ndarray, " T"]:
    """The middle frame of each interval; a short video gives all its frames, then repeats the last."""
    edges = interval_edges(num_frames, frame_count)
    return _padded((edges[:-1] + edges[1:] - 1) // 2, num_frames)


def first_indices(num_frames: int, frame_count: int, offset: int = 0) -> Int[np.ndarray, " T"]:
    """The frame `offset` after each interval's start (`fix_start` upstream)."""
    return _padded(interval_edges(num_frames, frame_count)[:-1] + offset, num_frames)


def random_indices(
    num_frames: int,
    frame_count: int,
    *,
    choose: random.Random,
    permutation: Callable[[int], Int[np.ndarray, " count"]],
) -> Int[np.ndarray, " T"]:
    """A random frame of each interval.

    Two habits of the original are kept, as parity needs them: the last frame of an interval is never chosen, and once
    one interval has a single frame (any video shorter than about 2 * num_frames) all frames come from one random
    permutation of the video instead. `choose` and `permutation` stand for its two generators, Python's and numpy's.
    """
    edges = interval_edges(num_frames, frame_count)
    try:
        chosen = [choose.choice(range(start, end - 1)) for start, end in pairwise(edges)]
    except IndexError:  # choice of an empty range
        chosen = np.sort(permutation(frame_count)[: len(edges) - 1])
    return _padded(np.asarray(chosen, np.int64), num_frames)


def fixed_rate_indices(
    rate: float, frame_count: int, *, video_rate: float, max_num_frames: int = -1
) -> Int[np.ndarray, " T"]:
    """Frames at the middles of windows of 1/`rate` seconds (`fps0.5` and so on upstream)."""
    step = 1 / rate
    seconds = np.arange(step / 2, frame_count / video_rate + step / 2, step)
    indices = np.around(seconds * video_rate).astype(int)
    indices = indices[indices < frame_count]
    return indices[:max_num_frames] if max_num_frames > 0 else indices


def evaluation_indices(num_frames: int, frame_count: int) -> Int[np.ndarray, " T"]:
    """The original's evaluation grid: segment k starts at round(k * (frame_count - 1) / num_frames), halves to even."""
    segment = (frame_count - 1) / num_frames
    return int(segment / 2) + np.round(segment * np.arange(num_frames)).astype(int)


def upstream_seconds(indices: Int[np.ndarray, " T"], rate: float, *, clip_start: float | None = None) -> list[float]:
    """Time stamps as the original computes them: frame number / average rate, one decimal.

    Inside a sub-clip it adds 0.1 s and takes the absolute value; both are quirks, kept for parity alone.
    """
    if clip_start is None:
        return [round(float(index / rate), 1) for index in indices]
    return [round(abs(float(index / rate) - clip_start + 0.1), 1) for index in indices]


def _padded(indices: np.ndarray, num_frames: int) -> np.ndarray:
    return np.concatenate([indices, np.repeat(indices[-1:], num_frames - len(indices))])
