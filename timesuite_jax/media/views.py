"""Crops of a video in evaluation: the short side becomes the size of the model, crops follow the long side."""

import numpy as np
from jaxtyping import UInt8

from timesuite_jax.media.resample import resize_aliased
from timesuite_jax.media.transforms import short_side


def crop_starts(long_side: int, size: int, crops: int) -> list[int]:
    """Where crops of `size` pixels start along a side: evenly spaced from its start to its end; one at the middle.

    Args:
      long_side: pixels of the side, at least `size`.
      size: of a crop.
      crops: number of crops.
    """
    spare = long_side - size
    return [int(spare / 2)] if crops == 1 else [int(crop * (spare / (crops - 1))) for crop in range(crops)]


def long_side_crops(
    frames: UInt8[np.ndarray, "T H W 3"], size: int, crops: int
) -> UInt8[np.ndarray, "crops T size size 3"]:
    """Resizes frames so that the short side is `size`, bilinear as OpenCV's, and crops squares along the long side.

    Args:
      frames: of a clip.
      size: side of a crop.
      crops: number of crops.
    """
    height, width = short_side(frames.shape[1], frames.shape[2], size)
    resized = resize_aliased(frames, (height, width), interpolation="bilinear")
    starts = crop_starts(max(height, width), size, crops)
    if height >= width:
        return np.stack([resized[:, start : start + size] for start in starts])
    return np.stack([resized[:, :, start : start + size] for start in starts])
