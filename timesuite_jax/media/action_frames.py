"""Rules by which action recognition chooses frames by their numbers.

N is the number of frames of a video or clip, T that of chosen ones; all results are ascending frame numbers in [0, N).
Formulas are those of InternVideo2's single_modality/datasets: `kinetics_sparse.py` (sparse), `ssv2.py` of videos and of
stored frames (segments), `kinetics.py` (dense), `mae_multi.py` (pretraining). NumPy's rounding is half to even.
"""

import numpy as np
from jaxtyping import Int


def sparse_random(count: int, num_frames: int, rng: np.random.Generator) -> Int[np.ndarray, " T"]:
    """Draws a frame of each of T parts of [0, N - 1], both edges included, so that neighbours may draw the same."""
    edges = np.round((count - 1) / num_frames * np.arange(num_frames + 1)).astype(int)
    return np.minimum(rng.integers(edges[:-1], edges[1:], endpoint=True), count - 1)


def sparse_view(count: int, num_frames: int, view: int, views: int) -> Int[np.ndarray, " T"]:
    """Chooses the start of each of T parts of [0, N - 1], shifted by (view + 1) / (views + 1) of a part."""
    part = (count - 1) / num_frames
    starts = np.round(part * np.arange(num_frames)).astype(int)
    return np.minimum(starts + int(part / (views + 1) * (view + 1)), count - 1)


def segments_random(count: int, num_frames: int, rng: np.random.Generator) -> Int[np.ndarray, " T"]:
    """Draws a frame of each of T segments of N // T frames; the first frame T times where N < T."""
    length = count // num_frames
    if length == 0:
        return np.zeros(num_frames, int)
    return np.arange(num_frames) * length + rng.integers(length, size=num_frames)


def segments_middle(count: int, num_frames: int) -> Int[np.ndarray, " T"]:
    """Chooses the frame at the middle of each of T segments of N / T frames, rounded down."""
    tick = count / num_frames
    return (tick / 2 + tick * np.arange(num_frames)).astype(int)


def segments_view(count: int, num_frames: int, view: int, views: int) -> Int[np.ndarray, " T"]:
    """Chooses the frame at `view / views` of each of T segments of N / T frames, rounded down."""
    tick = count / num_frames
    return (view * tick / views + tick * np.arange(num_frames)).astype(int)


def dense_random(count: int, num_frames: int, stride: int, rng: np.random.Generator) -> Int[np.ndarray, " T"]:
    """Chooses T frames of a window of T * stride frames, whose place is drawn."""
    window = num_frames * stride
    if count <= window:
        return _short_dense(count, num_frames, stride)
    return _dense_window(int(rng.integers(window, count)), num_frames, window)


def dense_middle(count: int, num_frames: int, stride: int) -> Int[np.ndarray, " T"]:
    """Chooses T frames of a window of T * stride frames, which ends where as many frames follow as precede the window.

    The original takes (N - window) // 2 for the end of the window, which is before the start of a video shorter than
    three windows; here it is the start, so that the window is in the middle.
    """
    window = num_frames * stride
    if count <= window:
        return _short_dense(count, num_frames, stride)
    return _dense_window((count - window) // 2 + window, num_frames, window)


def dense_view(count: int, num_frames: int, stride: int, view: int, views: int) -> Int[np.ndarray, " T"]:
    """Chooses every stride-th frame of one of several windows of T * stride frames, evenly spaced over the video.

    The last frame is repeated where the video ends. A single view, for which the original divides by zero, is the
    middle.
    """
    window = num_frames * stride
    spare = max(count - window, 0)
    start = int(view * (spare / (views - 1))) if views > 1 else spare // 2
    return np.minimum(start + stride * np.arange(num_frames), _last_of(start, min(start + window, count), stride))


def pretraining_random(count: int, num_frames: int, rng: np.random.Generator) -> Int[np.ndarray, " T"]:
    """Draws the frame before a random one of each of T segments of N // T frames.

    The original's numbers count from 1 where they are drawn and from 0 where they are used, so that it takes frame -1,
    the last one of the video, for the first; here it is frame 0.
    """
    return np.maximum(segments_random(count, num_frames, rng) - 1, 0)


def _short_dense(count: int, num_frames: int, stride: int) -> Int[np.ndarray, " T"]:
    """Frames of a video that is not longer than the window: N // stride of them, then the last one again and again."""
    spread = count // stride
    places = np.concatenate([np.linspace(0, count, spread), np.full(num_frames - spread, count)])
    return np.clip(places, 0, count - 1).astype(int)


def _dense_window(end: int, num_frames: int, window: int) -> Int[np.ndarray, " T"]:
    start = end - window
    return np.clip(np.linspace(start, end, num_frames), start, end - 1).astype(int)


def _last_of(start: int, end: int, stride: int) -> int:
    return start + (end - 1 - start) // stride * stride
