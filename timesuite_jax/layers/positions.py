"""Fixed sine-cosine position tables and their interpolation to other grids, as PyTorch computes them.

All of it runs in NumPy's float64 when a model is built: sines of large angles lose digits in float32, and a table is a
constant. The interpolations are matrices [new, old], applied along one axis.
"""

import numpy as np
from jaxtyping import Float64


def sinusoid_table(positions: int, width: int) -> Float64[np.ndarray, "positions width"]:
    """Table of "Attention is all you need", interleaved: sine in even columns, cosine in odd ones."""
    column = np.arange(width)
    angles = np.arange(positions)[:, None] / np.power(10000.0, 2 * (column // 2) / width)[None]
    return np.where(column[None] % 2 == 0, np.sin(angles), np.cos(angles))


def _sources(old: int, new: int) -> Float64[np.ndarray, " new"]:
    """Where the centres of `new` cells lie among the centres of `old` cells (`align_corners=False`)."""
    return (np.arange(new) + 0.5) * (old / new) - 0.5


def linear_resize_matrix(old: int, new: int) -> Float64[np.ndarray, "new old"]:
    """Matrix of `torch.nn.functional.interpolate(mode="linear", align_corners=False)`: no antialiasing, edges held."""
    source = np.maximum(_sources(old, new), 0.0)
    low = np.minimum(np.floor(source).astype(int), old - 1)
    fraction = source - low
    matrix = np.zeros((new, old))
    rows = np.arange(new)
    np.add.at(matrix, (rows, low), 1.0 - fraction)
    np.add.at(matrix, (rows, np.minimum(low + 1, old - 1)), fraction)
    return matrix


def bicubic_resize_matrix(old: int, new: int) -> Float64[np.ndarray, "new old"]:
    """Matrix of PyTorch's bicubic `interpolate(align_corners=False)`: kernel with a = -0.75, no antialiasing."""
    a = -0.75
    source = _sources(old, new)
    low = np.floor(source).astype(int)
    matrix = np.zeros((new, old))
    for tap in range(-1, 3):
        distance = np.abs(source - (low + tap))
        near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
        far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
        weight = np.where(distance <= 1, near, far)
        np.add.at(matrix, (np.arange(new), np.clip(low + tap, 0, old - 1)), weight)
    return matrix
