"""The kernels of PyTorch's `interpolate(align_corners=False)` without antialiasing, in float64."""

import numpy as np
from jaxtyping import Float64, Int64

A = -0.75  # PyTorch's and OpenCV's; Pillow has -0.5
TAPS = 4


def cubic_taps(old: int, new: int) -> tuple[Int64[np.ndarray, "new taps"], Float64[np.ndarray, "new taps"]]:
    """Source indices (the edges repeated) and weights of the four taps of each output position."""
    source = cell_centers(old, new)
    index = np.floor(source).astype(np.int64)[:, None] + np.arange(-1, TAPS - 1)[None]
    distance = np.abs(source[:, None] - index)
    near = ((A + 2) * distance - (A + 3)) * distance**2 + 1
    far = ((A * distance - 5 * A) * distance + 8 * A) * distance - 4 * A
    return np.clip(index, 0, old - 1), np.where(distance <= 1, near, far)


def linear_taps(old: int, new: int) -> tuple[Int64[np.ndarray, "new taps"], Float64[np.ndarray, "new taps"]]:
    """Source indices (the edges repeated) and weights of the two taps of each output position."""
    source = cell_centers(old, new)
    index = np.floor(source).astype(np.int64)[:, None] + np.arange(2)[None]
    return np.clip(index, 0, old - 1), 1 - np.abs(source[:, None] - index)


def cell_centers(old: int, new: int) -> Float64[np.ndarray, " new"]:
    """Positions of the centers of `new` cells among the centers of `old` cells."""
    return (np.arange(new) + 0.5) * (old / new) - 0.5
