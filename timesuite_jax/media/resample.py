"""Bicubic and bilinear resizing of uint8 frames, with and without antialiasing.

Upstream resizes in two visibly different ways: tensors in training (a=-0.75, four taps, no antialiasing, as torch's
`interpolate`), Pillow images in evaluation (a=-0.5, antialiased, rounded to 8 bits between the two passes). Both are
needed for parity; new runs use the antialiased filter everywhere. InternVideo2 has the same two with a bilinear filter.
"""

from typing import Literal

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from timesuite_jax.bicubic import cubic_taps, linear_taps

Box = tuple[int, int, int, int]  # top, left, height, width
Interpolation = Literal["bilinear", "bicubic"]
_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def resize_antialiased(
    frames: UInt8[np.ndarray, "T H W 3"],
    size: tuple[int, int],
    *,
    box: Box | None = None,
    interpolation: Interpolation = "bicubic",
) -> UInt8[np.ndarray, "T H_out W_out 3"]:
    """Resizes to `size` (height, width) with a filter of Pillow, after cropping to `box`."""
    frames = crop(frames, box) if box is not None else frames
    if frames.shape[1:3] == tuple(size):
        return frames
    height, width = size
    out = np.empty((len(frames), height, width, 3), np.uint8)
    for number, frame in enumerate(frames):
        out[number] = np.asarray(Image.fromarray(frame).resize((width, height), _FILTERS[interpolation]))
    return out


def resize_aliased(
    frames: UInt8[np.ndarray, "T H W 3"],
    size: tuple[int, int],
    *,
    box: Box | None = None,
    interpolation: Interpolation = "bicubic",
) -> UInt8[np.ndarray, "T H_out W_out 3"]:
    """Resizes like torch's `interpolate(antialias=False)`, rounded and clipped to uint8; arguments as above."""
    frames = crop(frames, box) if box is not None else frames
    if frames.shape[1:3] == tuple(size):
        return frames
    taps = cubic_taps if interpolation == "bicubic" else linear_taps
    rows, row_weights = taps(frames.shape[1], size[0])
    columns, column_weights = taps(frames.shape[2], size[1])
    out = np.empty((len(frames), *size, 3), np.uint8)
    for number, frame in enumerate(frames):
        wide = _weighted(
            [frame[:, columns[:, tap]] for tap in range(columns.shape[1])], column_weights[None].astype(np.float32)
        )
        whole = _weighted([wide[rows[:, tap]] for tap in range(rows.shape[1])], row_weights[:, None].astype(np.float32))
        out[number] = np.clip(np.rint(whole), 0, 255)
    return out


def _weighted(
    taps: list[UInt8[np.ndarray, "H W 3"]] | list[Float[np.ndarray, "H W 3"]],
    weights: Float[np.ndarray, "rows columns taps"],
) -> Float[np.ndarray, "H W 3"]:
    out = np.zeros(taps[0].shape, np.float32)
    for tap, values in enumerate(taps):
        out += values * weights[..., tap, None]
    return out


def crop(frames: UInt8[np.ndarray, "T H W 3"], box: Box) -> UInt8[np.ndarray, "T H_out W_out 3"]:
    """Crops every frame to the box (top, left, height, width)."""
    top, left, height, width = box
    return frames[:, top : top + height, left : left + width]
