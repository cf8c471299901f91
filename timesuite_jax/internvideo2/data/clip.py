"""The clips of one visit of a record, before and after augmentation."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

UNLABELLED = -1


@dataclass(frozen=True)
class DecodedClip:
    """Frames of a record, as they were decoded.

    Attributes:
      frames: not normalised.
      label: of the record, or `UNLABELLED`.
      directional: whether mirrored frames would show another class.
    """

    frames: UInt8[np.ndarray, "F H W 3"]
    label: int
    directional: bool


@dataclass(frozen=True)
class Clip:
    """Frames of a record as the model receives them.

    Attributes:
      frames: of each augmentation or view; not normalised.
      label: of the record, or `UNLABELLED`.
    """

    frames: UInt8[np.ndarray, "clips F size size 3"]
    label: int

    @property
    def cuts(self) -> tuple[str, ...]:
        """Nothing is cut."""
        return ()
