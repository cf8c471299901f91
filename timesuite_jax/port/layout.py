"""The axis order of a PyTorch tensor and of ours: one einops pattern, used in both directions.

A layout only moves, merges and splits axes. It never computes, so a round trip gives the same bytes, and the transpose
of a memory-mapped tensor is a view: values are read when they are used.
"""

import dataclasses

import numpy as np
from einops import rearrange
from jaxtyping import Shaped

Shape = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class TensorLayout:
    """`torch` and `jax` are the two sides of an einops pattern; `sizes` are those that a shape does not determine."""

    torch: str
    jax: str
    sizes: tuple[tuple[str, int], ...] = ()

    def to_jax(self, tensor: Shaped[np.ndarray, "..."]) -> Shaped[np.ndarray, "..."]:
        """Torch's axis order to ours; a view where no axes are merged.

        Raises:
          einops.EinopsError: if the tensor does not have the axes of the pattern.
        """
        return rearrange(tensor, f"{self.torch} -> {self.jax}", **dict(self.sizes))

    def to_torch(self, array: Shaped[np.ndarray, "..."]) -> Shaped[np.ndarray, "..."]:
        """Our axis order to torch's; the inverse of `to_jax`.

        Raises:
          einops.EinopsError: if the array does not have the axes of the pattern.
        """
        return rearrange(array, f"{self.jax} -> {self.torch}", **dict(self.sizes))

    def jax_shape(self, shape: Shape) -> Shape:
        """The shape that `to_jax` returns for a tensor of `shape`, without allocating it."""
        return self.to_jax(_shape_only(shape)).shape

    def torch_shape(self, shape: Shape) -> Shape:
        """The shape that `to_torch` returns for an array of `shape`, without allocating it."""
        return self.to_torch(_shape_only(shape)).shape


def _shape_only(shape: Shape) -> Shaped[np.ndarray, "..."]:
    """An array of any shape in one byte: every stride is zero, so merging its axes copies nothing."""
    return np.broadcast_to(np.zeros((), np.bool_), shape)


SAME_1D = TensorLayout("d", "d")
SAME_2D = TensorLayout("n d", "n d")
SAME_3D = TensorLayout("b n d", "b n d")
LINEAR = TensorLayout("o i", "i o")
CONV1D = TensorLayout("o i k", "k i o")
POINTWISE = TensorLayout("o i 1", "i o")


def patches(patch: int, frames: int = 1) -> TensorLayout:
    """A Conv3d of kernel and stride (frames, patch, patch) over RGB, as a dense layer on (t, h, w, c) patches."""
    return TensorLayout("d c t h w", "(t h w c) d", (("c", 3), ("t", frames), ("h", patch), ("w", patch)))
