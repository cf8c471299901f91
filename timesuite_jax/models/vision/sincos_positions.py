"""Sine-cosine tables that learned position embeddings of InternVideo2 start from (`pos_embed.py` upstream).

Unlike the table of `layers.positions`, sines and cosines are in two blocks, and frequencies are rounded to float32, as
upstream computes them.
"""

import numpy as np
from einops import rearrange, repeat
from jaxtyping import Float32


def sincos_1d(positions: int, width: int) -> Float32[np.ndarray, "positions width"]:
    """Codes of the positions 0, 1, ...: sines in the first half of the channels, cosines in the second."""
    return _codes(np.arange(positions, dtype=np.float32), width)


def sincos_2d(grid: int, width: int) -> Float32[np.ndarray, "N width"]:
    """Codes of the patches of a square image, row by row; the first half of the channels encodes the column."""
    row, column = (axis.reshape(-1) for axis in np.indices((grid, grid), dtype=np.float32))
    return np.concatenate([_codes(column, width // 2), _codes(row, width // 2)], axis=1)


def sincos_3d(frames: int, grid: int, width: int) -> Float32[np.ndarray, "N width"]:
    """Codes of the patches of a clip, frame by frame: a quarter of the channels for time, then those of `sincos_2d`."""
    time = repeat(sincos_1d(frames, width // 4), "F D -> F N D", N=grid**2)
    space = repeat(sincos_2d(grid, width // 4 * 3), "N D -> F N D", F=frames)
    return rearrange(np.concatenate([time, space], axis=2), "F N D -> (F N) D")


def _codes(positions: Float32[np.ndarray, " N"], width: int) -> Float32[np.ndarray, "N width"]:
    exponent = np.arange(width // 2, dtype=np.float32) / np.float32(width / 2)
    frequency = (1.0 / 10000**exponent).astype(np.float32)
    angles = np.einsum("n,d->nd", positions, frequency)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
