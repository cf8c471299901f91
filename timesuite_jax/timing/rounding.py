"""How times are rounded before they are written."""

from typing import Literal

import numpy as np
from jaxtyping import Float

Rounding = Literal["numpy", "python"]


def rounded(seconds: float, decimals: int = 1) -> float:
    """Rounds a time as Python's `round` does: correctly for the binary value, half to even."""
    return round(float(seconds), decimals)


def rounded_all(seconds: Float[np.ndarray, " T"], rounding: Rounding = "python") -> Float[np.ndarray, " T"]:
    """Rounds times to tenths of a second.

    Args:
      seconds: times.
      rounding: "python" as `rounded`; "numpy" by scaling, which rounds 0.25 - 1e-17 and 1.25 / 0.05 otherwise.
    """
    if rounding == "numpy":
        return np.round(seconds, 1)
    return np.array([rounded(second) for second in seconds], np.float64)
