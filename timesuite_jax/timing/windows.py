"""Sliding windows over a video."""

import math

import numpy as np
from jaxtyping import Float

from timesuite_jax.errors import UserError

MAX_WINDOWS = 1_000_000  # of a video: one each 1/25 s for eleven hours


def sliding_windows(duration: float, window: float, stride: float) -> Float[np.ndarray, "windows 2"]:
    """Start and end, in seconds, of the windows at multiples of `stride` from the start of a video.

    As many as strides fit into the duration, rounded to the nearest whole number, and at least one: 75 of 2 s in a
    video of 149.8 or 150.3 s. Windows end with the video.

    Args:
      duration: of the video in seconds.
      window: length of a window in seconds.
      stride: seconds from one start to the next.

    Raises:
      UserError: a number is not above 0, or there would be more than `MAX_WINDOWS`.
    """
    for name, value in (("duration", duration), ("window", window), ("stride", stride)):
        if not 0 < value < math.inf:
            raise UserError(f"{name}={value} of sliding windows must be above 0 and finite; correct it")
    if duration / stride > MAX_WINDOWS:
        raise UserError(
            f"a video of {duration:g} s has more than {MAX_WINDOWS:,} sliding windows at stride={stride:g}; raise the "
            "stride"
        )
    starts = np.arange(max(1, math.floor(duration / stride + 0.5))) * stride
    return np.stack([starts, np.minimum(starts + window, duration)], axis=1)
