"""Kernels of images for clips: a convolution over space becomes one over time and space."""

import numpy as np
from jaxtyping import Float


def inflate_kernel(
    kernel: Float[np.ndarray, "D channels H W"], frames: int
) -> Float[np.ndarray, "D channels frames H W"]:
    """Adds an axis of time, on which the kernel looks at the frame in the middle alone (`inflate_weight` upstream).

    Args:
      kernel: of images.
      frames: length of the axis; of an even number, the later of the two in the middle is looked at.
    """
    inflated = np.zeros((*kernel.shape[:2], frames, *kernel.shape[2:]), kernel.dtype)
    inflated[:, :, frames // 2] = kernel
    return inflated
