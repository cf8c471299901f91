"""A buffer of a PyTorch model that no parameter corresponds to."""

import dataclasses
from collections.abc import Callable

import numpy as np


@dataclasses.dataclass(frozen=True)
class Constant:
    """A torch buffer that depends on the sizes alone: checked on import, computed on export."""

    torch: str
    make: Callable[[], np.ndarray]
    trainable: bool = True  # the original writes buffers beside the trainable parameters
