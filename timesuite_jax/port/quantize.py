"""Quantized kernels: one tensor in a file, two leaves (integers and scales) in the parameter tree.

Import quantizes a kernel a layer at a time, straight from the mapped file; export writes the product of integers and
scales. Quantizing that again gives the same bits.
"""

import functools
from collections.abc import Collection, Mapping
from typing import TypeVar

import ml_dtypes
import numpy as np
from jaxtyping import Array, Float, Float32, Int, Shaped

from timesuite_jax.layers.quantized import dequantize, group_size, quantize
from timesuite_jax.param_tree import ParamPath
from timesuite_jax.port.files.lazy_array import Index, LazyArray

Leaf = TypeVar("Leaf")
_FLOAT32 = np.dtype(np.float32)  # exact for the product of an integer and its scale


def path_in_files(path: ParamPath, leaves: Collection[ParamPath]) -> ParamPath:
    """The path of the tensor that a leaf belongs to: its own, or that of the kernel whose integers or scales it is."""
    return path[:-1] if path[-1] in ("quantized", "scales") and (*path[:-1], "quantized") in leaves else path


def as_in_files(leaves: Mapping[ParamPath, Leaf]) -> dict[ParamPath, Leaf]:
    """The leaves by `path_in_files`; a quantized kernel is represented by its integers, which have its shape."""
    paths = {path: path_in_files(path, leaves) for path in leaves}
    return {known: leaves[path] for path, known in paths.items() if path in (known, (*known, "quantized"))}


def quantized_leaves(path: ParamPath, kernel: LazyArray, integers: np.dtype) -> dict[ParamPath, LazyArray]:
    """The two leaves of a quantized kernel; each reads the kernel by itself.

    Args:
      path: of the kernel.
      kernel: [*layers, in, out], not yet read.
      integers: int8 or int4.
    """
    *layers, inputs, outputs = kernel.shape
    kinds = {"quantized": (inputs, integers), "scales": (inputs // group_size(inputs), np.dtype(ml_dtypes.bfloat16))}
    leaves = {}
    for name, (rows, dtype) in kinds.items():
        shape = (*layers, rows, outputs)
        fill = functools.partial(_fill, kernel, integers, name, shape, dtype)
        leaves[*path, name] = LazyArray(shape, dtype, kernel.stacked, fill)
    return leaves


def _fill(
    kernel: LazyArray, integers: np.dtype, name: str, shape: tuple[int, ...], dtype: np.dtype, index: Index
) -> np.ndarray:
    """The part `index` of the integers or scales of a kernel, computed from whole groups."""
    out = np.empty([len(range(*part.indices(size))) for part, size in zip(index, shape, strict=True)], dtype)
    *layers, rows, columns = index
    begin, end, _ = rows.indices(shape[-2])
    step = kernel.shape[-2] // shape[-2]  # rows of the kernel for one row here
    group = group_size(kernel.shape[-2])
    first, last = begin * step // group * group, -(-end * step // group) * group
    cut = slice(begin - first // step, end - first // step)

    def part(*layer: slice) -> np.ndarray:
        return np.asarray(quantize(kernel.fill((*layer, slice(first, last), columns)), integers)[name])[..., cut, :]

    if not kernel.stacked:
        out[...] = part()
        return out
    for row, layer in enumerate(range(*layers[0].indices(shape[0]))):
        out[row] = part(slice(layer, layer + 1))[0]
    return out


class Dequantized:
    """A quantized kernel as float32, computed when it is read: of a stack, a layer at a time."""

    def __init__(
        self,
        integers: Int[Array | np.ndarray, "*layers in out"],
        scales: Shaped[Array | np.ndarray, "*layers groups out"],
    ):
        self._integers, self._scales = integers, scales

    def __getitem__(self, layer: int) -> Float32[np.ndarray, "*layers in out"]:
        return np.asarray(dequantize(self._integers[layer], self._scales[layer], _FLOAT32))

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> Float[np.ndarray, "*shape"]:
        return np.asarray(dequantize(self._integers, self._scales, dtype or _FLOAT32))
