"""Quantised kernels, which files do not know: where they have one tensor, the tree has codes and scales.

On the way in a kernel is quantised a layer at a time, straight from the mapped file; on the way out it is the floats
that its codes and scales stand for. Quantising those again gives the same bits.
"""

import functools
from collections.abc import Collection, Mapping
from typing import TypeVar

import ml_dtypes
import numpy as np
from jaxtyping import Shaped

from timesuite_jax.layers.quantized import dequantize, group_size, quantize
from timesuite_jax.param_tree import ParamPath
from timesuite_jax.port.lazy_array import Index, LazyArray

Leaf = TypeVar("Leaf")
_FLOAT32 = np.dtype(np.float32)  # holds a code times its scale exactly


def path_in_files(path: ParamPath, leaves: Collection[ParamPath]) -> ParamPath:
    """What files know a leaf by: the path of the kernel whose codes or scales it is, or its own."""
    return path[:-1] if path[-1] in ("quantized", "scales") and (*path[:-1], "quantized") in leaves else path


def as_in_files(leaves: Mapping[ParamPath, Leaf]) -> dict[ParamPath, Leaf]:
    """The leaves by what files know them by; for a quantised kernel its codes, which are of the same shape."""
    paths = {path: path_in_files(path, leaves) for path in leaves}
    return {known: leaves[path] for path, known in paths.items() if path in (known, (*known, "quantized"))}


def quantised(path: ParamPath, kernel: LazyArray, codes: np.dtype) -> dict[ParamPath, LazyArray]:
    """The two leaves that a kernel becomes; each reads it for itself."""
    *layers, inputs, outputs = kernel.shape
    kinds = {"quantized": (inputs, codes), "scales": (inputs // group_size(inputs), np.dtype(ml_dtypes.bfloat16))}
    leaves = {}
    for name, (rows, dtype) in kinds.items():
        shape = (*layers, rows, outputs)
        fill = functools.partial(_fill, kernel, codes, name, shape, dtype)
        leaves[*path, name] = LazyArray(shape, dtype, kernel.stacked, fill)
    return leaves


def _fill(
    kernel: LazyArray, codes: np.dtype, name: str, shape: tuple[int, ...], dtype: np.dtype, index: Index
) -> np.ndarray:
    """The part `index` of the codes or scales of a kernel, made from whole groups."""
    out = np.empty([len(range(*part.indices(size))) for part, size in zip(index, shape, strict=True)], dtype)
    *layers, rows, columns = index
    begin, end, _ = rows.indices(shape[-2])
    step = kernel.shape[-2] // shape[-2]  # rows of the kernel to one row here
    group = group_size(kernel.shape[-2])
    first, last = begin * step // group * group, -(-end * step // group) * group
    cut = slice(begin - first // step, end - first // step)

    def part(*layer: slice) -> np.ndarray:
        return np.asarray(quantize(kernel.fill((*layer, slice(first, last), columns)), codes)[name])[..., cut, :]

    if not kernel.stacked:
        out[...] = part()
        return out
    for row, layer in enumerate(range(*layers[0].indices(shape[0]))):
        out[row] = part(slice(layer, layer + 1))[0]
    return out


class Dequantised:
    """A quantised kernel as the floats it stands for, made when asked for: of a stack, a layer at a time."""

    def __init__(self, codes: Shaped[np.ndarray, "..."], scales: Shaped[np.ndarray, "..."]):
        self._codes, self._scales = codes, scales

    def __getitem__(self, layer: int) -> Shaped[np.ndarray, "..."]:
        return np.asarray(dequantize(self._codes[layer], self._scales[layer], _FLOAT32))

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> Shaped[np.ndarray, "..."]:
        return np.asarray(dequantize(self._codes, self._scales, dtype or _FLOAT32))
