"""Random erasing: a box of all frames of a clip becomes noise.

The original draws noise from a standard normal distribution after normalising the frames. Here frames are still uint8:
the noise is that of the same distribution in pixels, `255 * (mean + deviation * noise)`, rounded and limited to
[0, 255], which is 2.1 standard deviations or more away, so that one value in 30 differs by more than rounding.
"""

import math

import numpy as np
from jaxtyping import UInt8

from timesuite_jax.media.resample import Box
from timesuite_jax.pixel_statistics import IMAGENET_MEAN, IMAGENET_STD

_AREA = (0.02, 1 / 3)  # share of the frame
_ASPECT = (0.3, 1 / 0.3)  # height divided by width
_TRIES = 100


def erase(
    frames: UInt8[np.ndarray, "T H W 3"], probability: float, rng: np.random.Generator
) -> UInt8[np.ndarray, "T H W 3"]:
    """Replaces a box by noise: the same box in all frames, other noise in each pixel.

    Args:
      frames: of a clip; not changed.
      probability: that anything is erased.
      rng: generator.
    """
    if rng.random() >= probability:
        return frames
    box = erased_box(frames.shape[1], frames.shape[2], rng)
    if box is None:
        return frames
    top, left, height, width = box
    noise = rng.standard_normal((len(frames), height, width, 3), np.float32)
    pixels = 255 * (np.asarray(IMAGENET_MEAN, np.float32) + np.asarray(IMAGENET_STD, np.float32) * noise)
    erased = frames.copy()
    erased[:, top : top + height, left : left + width] = np.clip(np.rint(pixels), 0, 255)
    return erased


def erased_box(height: int, width: int, rng: np.random.Generator) -> Box | None:
    """Draws a box of 2 to 33 % of the area that is smaller than the frame in both directions.

    None if a hundred draws find none, as in very narrow frames.
    """
    for _ in range(_TRIES):
        pixels = rng.uniform(*_AREA) * height * width
        aspect = math.exp(rng.uniform(math.log(_ASPECT[0]), math.log(_ASPECT[1])))
        h, w = round(math.sqrt(pixels * aspect)), round(math.sqrt(pixels / aspect))
        if 0 < h < height and 0 < w < width:
            return int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1)), h, w
    return None
