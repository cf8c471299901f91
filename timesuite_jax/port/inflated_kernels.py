"""Kernels of images for clips: a convolution over space becomes one over time and space."""

from typing import Literal

import numpy as np
from jaxtyping import Float


def inflate_kernel(
    kernel: Float[np.ndarray, "D channels H W"], frames: int, *, mode: Literal["centre", "average"] = "centre"
) -> Float[np.ndarray, "D channels frames H W"]:
    """Adds an axis of time (`inflate_weight` upstream).

    Args:
      kernel: of images.
      frames: length of the axis.
      mode: "centre" looks at the frame in the middle (the later one of two), "average" at all of them equally.
    """
    if mode == "average":
        return np.repeat(kernel[:, :, None], frames, axis=2) / np.asarray(frames, kernel.dtype)
    inflated = np.zeros((*kernel.shape[:2], frames, *kernel.shape[2:]), kernel.dtype)
    inflated[:, :, frames // 2] = kernel
    return inflated
