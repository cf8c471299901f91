"""Upstream's rules for sampling frames by index, reproduced exactly.

Follows `get_frame_indices` of TimeSuite's dataset/video_utils.py (training) and `get_index` of its evaluation scripts.
All of them work on frame numbers, whose seconds are those of `timing.upstream_stamps`; new runs sample by presentation
time, see `timesuite_jax.media.sampling`.
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


def rate_indices(num_frames: int, frame_count: int, rate: float, fps: float) -> Int[np.ndarray, " T"]:
    """Selects the frame at the centre of each interval of 1 / fps seconds: the first `num_frames` of them.

    Follows the mode `fps` of `get_frame_indices`, with `max_num_frames`; where the video has fewer intervals, the last
    frame is repeated, and of a video shorter than half an interval the first one.

    Args:
      num_frames: T.
      frame_count: frames of the video.
      rate: frames per second of the video.
      fps: intervals per second.
    """
    interval = 1 / fps
    numbers = np.around((interval / 2 + interval * np.arange(num_frames)) * rate).astype(int)
    numbers = numbers[numbers < frame_count]
    return _padded(numbers if len(numbers) else np.zeros(1, int), num_frames)


def _padded(indices: np.ndarray, num_frames: int) -> np.ndarray:
    return np.concatenate([indices, np.repeat(indices[-1:], num_frames - len(indices))])
