"""Two checkpoints compared tensor for tensor, byte for byte."""

import dataclasses

import numpy as np

from timesuite_jax.port.files.source import Source
from timesuite_jax.port.tree_source import TreeSource


@dataclasses.dataclass(frozen=True)
class Difference:
    """One tensor that is not the same on both sides."""

    key: str
    what: str


def compare(a: Source, b: Source) -> list[Difference]:
    """All differences of keys, shapes, types and bytes (so NaN equals NaN, and 0.0 differs from -0.0)."""
    found = [Difference(key, f"only in {a.name}") for key in a.infos if key not in b.infos]
    found += [Difference(key, f"only in {b.name}") for key in b.infos if key not in a.infos]
    # A tree is cheap to read in its own order only; files can be read in any.
    for key in b.infos if isinstance(b, TreeSource) else a.infos:
        left, right = a.infos.get(key), b.infos.get(key)
        if left is None or right is None:
            continue
        if left != right:
            found.append(Difference(key, f"{left.dtype} {list(left.shape)} against {right.dtype} {list(right.shape)}"))
            continue
        x, y = np.ascontiguousarray(a.read(key)), np.ascontiguousarray(b.read(key))
        if x.size and not np.array_equal(np.ravel(x).view(np.uint8), np.ravel(y).view(np.uint8)):
            found.append(Difference(key, _values(x, y)))
    return found


def _values(x: np.ndarray, y: np.ndarray) -> str:
    """How many values have other bytes, and how far they are apart."""
    bytes_of = [np.ravel(array).view(np.uint8).reshape(array.size, -1) for array in (x, y)]
    different = np.any(bytes_of[0] != bytes_of[1], axis=1)
    left, right = (np.ravel(array)[different].astype(np.float64) for array in (x, y))
    told = f"{len(left)} of {x.size} values differ"
    numbers = np.isfinite(left) & np.isfinite(right)
    if numbers.any():
        told += f", by at most {np.abs(left[numbers] - right[numbers]).max():.3g}"
    if not numbers.all():
        told += f", {np.count_nonzero(~numbers)} of them with NaN or infinity"
    return told
