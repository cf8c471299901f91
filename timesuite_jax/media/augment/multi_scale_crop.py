"""Multi-scale cropping of TSN and VideoMAE: one of a few sizes, at one of thirteen places."""

import numpy as np
from jaxtyping import UInt8

from timesuite_jax.media.resample import Box, resize_antialiased

SCALES = (1.0, 0.875, 0.75, 0.66)
_MAX_DISTORTION = 1  # steps of `SCALES` between width and height
_SNAP = 3  # a side that differs from the output's by fewer pixels gets exactly its length
_QUARTERS = (  # left and top of the boxes, in quarters of the space around them
    *((0, 0), (4, 0), (0, 4), (4, 4), (2, 2)),
    *((0, 2), (4, 2), (2, 4), (2, 0)),
    *((1, 1), (3, 1), (1, 3), (3, 3)),
)


def multi_scale_boxes(height: int, width: int, size: int) -> list[list[Box]]:
    """Lists the boxes that are drawn from: thirteen of each size.

    Args:
      height: of the frames.
      width: of the frames.
      size: side of the output.
    """
    sides = [int(min(height, width) * scale) for scale in SCALES]
    sides = [size if abs(side - size) < _SNAP and size <= min(height, width) else side for side in sides]
    boxes = []
    for row, h in enumerate(sides):
        for column, w in enumerate(sides):
            if abs(row - column) <= _MAX_DISTORTION:
                step_x, step_y = (width - w) // 4, (height - h) // 4
                boxes.append([(y * step_y, x * step_x, h, w) for x, y in _QUARTERS])
    return boxes


def multi_scale_crop(
    frames: UInt8[np.ndarray, "T H W 3"], size: int, rng: np.random.Generator
) -> UInt8[np.ndarray, "T size size 3"]:
    """Crops all frames to a box that is drawn, and resizes it with Pillow's bilinear filter.

    Args:
      frames: of a clip.
      size: side of the output.
      rng: generator.
    """
    boxes = multi_scale_boxes(frames.shape[1], frames.shape[2], size)
    places = boxes[rng.integers(len(boxes))]
    box = places[rng.integers(len(places))]
    return resize_antialiased(frames, (size, size), box=box, interpolation="bilinear")
