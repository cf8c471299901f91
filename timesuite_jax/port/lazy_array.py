"""A leaf of the parameter tree whose values still lie in files."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Shaped

Index = tuple[slice, ...]


@dataclasses.dataclass(frozen=True)
class LazyArray:
    """A leaf that has not been read yet. `fill` reads any part of it, in memory of its own."""

    shape: tuple[int, ...]
    dtype: np.dtype
    stacked: bool  # is the first axis that of layers, each a tensor of its own in the files?
    fill: Callable[[Index], np.ndarray]

    def whole(self) -> Shaped[np.ndarray, "..."]:
        """All of it."""
        return self.fill(tuple(slice(size) for size in self.shape))

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> Shaped[np.ndarray, "..."]:
        """For numpy: the values, read afresh."""
        return self.whole().astype(dtype or self.dtype, copy=False)

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)
