"""A leaf of the parameter tree whose values are still in files."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Shaped

Index = tuple[slice, ...]


@dataclasses.dataclass(frozen=True)
class LazyArray:
    """A leaf that has not been read yet."""

    shape: tuple[int, ...]
    dtype: np.dtype
    stacked: bool  # whether the first axis is that of layers, each of them a tensor of its own in the files
    fill: Callable[[Index], np.ndarray]  # reads a part into newly allocated memory

    def whole(self) -> Shaped[np.ndarray, "..."]:
        """All values."""
        return self.fill(tuple(slice(size) for size in self.shape))

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> Shaped[np.ndarray, "..."]:
        """All values, for numpy; read again at each call."""
        return self.whole().astype(dtype or self.dtype, copy=False)

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Size of the values in bytes."""
        return self.size * self.dtype.itemsize
