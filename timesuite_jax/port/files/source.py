"""The interface of all readers: named tensors, whatever the file format.

A source has the names, shapes and types of its tensors at once, and returns one tensor at a time as a view of the
mapped file. Dropping the view unmaps it: a process that reads a 15 GB checkpoint in order has one tensor of it in
memory.
"""

import dataclasses
import functools
import math
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
from jaxtyping import Shaped

from timesuite_jax.errors import UserError


@dataclasses.dataclass(frozen=True)
class TensorInfo:
    """Shape and type of a stored tensor."""

    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Size of the values in bytes."""
        return self.size * self.dtype.itemsize

    @property
    def addressable(self) -> bool:
        """Whether numpy can make an array of this shape, which it refuses for very large sizes even beside a 0."""
        extent = math.prod(max(size, 1) for size in self.shape)
        return len(self.shape) <= 32 and extent * self.dtype.itemsize < 2**62


class Source(Protocol):
    """Named tensors, read one at a time."""

    @property
    def name(self) -> str:
        """The file or folder, for messages."""
        ...

    @property
    def infos(self) -> Mapping[str, TensorInfo]:
        """Shapes and types by key, in the order that is cheapest to read."""
        ...

    def read(self, key: str) -> Shaped[np.ndarray, "..."]:
        """The tensor under `key`: a read-only view that stays valid as long as it is referenced."""
        ...


@dataclasses.dataclass(frozen=True)
class Arrays:
    """A source in memory, e.g. values computed from another source."""

    name: str
    arrays: Mapping[str, np.ndarray]

    @property
    def infos(self) -> dict[str, TensorInfo]:
        """Shapes and types."""
        return {key: TensorInfo(array.shape, array.dtype) for key, array in self.arrays.items()}

    def read(self, key: str) -> Shaped[np.ndarray, "..."]:
        """The array itself, a scalar as an array without dimensions."""
        return np.asarray(self.arrays[key])


@dataclasses.dataclass(frozen=True)
class Renamed:
    """A source with other keys: `keys` has the key of `source` by each of them."""

    source: Source
    keys: Mapping[str, str]

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.source.name

    @property
    def infos(self) -> Mapping[str, TensorInfo]:
        """Shapes and types."""
        return self._infos

    @functools.cached_property
    def _infos(self) -> Mapping[str, TensorInfo]:
        infos = self.source.infos
        return {key: infos[other] for key, other in self.keys.items()}

    def read(self, key: str) -> Shaped[np.ndarray, "..."]:
        """The tensor under its key in the source."""
        return self.source.read(self.keys[key])


def map_flat(path: Path, offset: int, count: int, dtype: np.dtype) -> Shaped[np.ndarray, " count"]:
    """Maps `count` values of a file, read-only; values are read when they are used.

    Args:
      path: local file.
      offset: in bytes.
      count: number of values.
      dtype: their type.

    Returns:
      A flat array. The mapping exists as long as the array or a view of it.

    Raises:
      UserError: if the file ends before the last value.
    """
    if count == 0:
        return np.empty(0, dtype)
    nbytes = count * dtype.itemsize
    size = path.stat().st_size
    if offset + nbytes > size:
        raise UserError(f"{path} has {size} bytes but a tensor ends at byte {offset + nbytes}; copy the file again")
    start = offset - offset % mmap.ALLOCATIONGRANULARITY
    with path.open("rb") as file:
        region = mmap.mmap(file.fileno(), offset + nbytes - start, access=mmap.ACCESS_READ, offset=start)
    return np.frombuffer(region, dtype, count, offset - start)
