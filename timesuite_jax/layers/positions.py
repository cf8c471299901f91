"""Fixed sine-cosine position tables and their interpolation to other grids, as PyTorch computes them.

Computed by NumPy in float64 when a model is built: sines of large angles are inexact in float32, and a table is a
constant. The interpolations are matrices [new, old] for one axis.
"""

import numpy as np
from jaxtyping import Float64

from timesuite_jax.bicubic import cell_centers, cubic_taps


def sinusoid_table(positions: int, width: int) -> Float64[np.ndarray, "positions width"]:
    """Table of "Attention Is All You Need" (arXiv:1706.03762): sine in even columns, cosine in odd ones."""
    column = np.arange(width)
    angles = np.arange(positions)[:, None] / np.power(10000.0, 2 * (column // 2) / width)[None]
    return np.where(column[None] % 2 == 0, np.sin(angles), np.cos(angles))


def linear_resize_matrix(old: int, new: int) -> Float64[np.ndarray, "new old"]:
    """Matrix of `torch.nn.functional.interpolate(mode="linear", align_corners=False)`: no antialiasing."""
    source = np.maximum(cell_centers(old, new), 0.0)
    low = np.minimum(np.floor(source).astype(int), old - 1)
    fraction = source - low
    matrix = np.zeros((new, old))
    rows = np.arange(new)
    np.add.at(matrix, (rows, low), 1.0 - fraction)
    np.add.at(matrix, (rows, np.minimum(low + 1, old - 1)), fraction)
    return matrix


def bicubic_resize_matrix(old: int, new: int) -> Float64[np.ndarray, "new old"]:
    """Matrix of PyTorch's bicubic `interpolate(align_corners=False)`; see `bicubic.cubic_taps`."""
    indices, weights = cubic_taps(old, new)
    matrix = np.zeros((new, old))
    np.add.at(matrix, (np.arange(new)[:, None], indices), weights)
    return matrix
