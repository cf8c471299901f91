"""Compares two checkpoints tensor by tensor, byte by byte."""

import dataclasses

import numpy as np
from einops import rearrange
from jaxtyping import Shaped

from timesuite_jax.port.files.source import Source
from timesuite_jax.port.tree_source import TreeSource


@dataclasses.dataclass(frozen=True)
class Difference:
    """One tensor that differs."""

    key: str
    what: str


def compare(a: Source, b: Source) -> list[Difference]:
    """All differences of keys, shapes, types and bytes (so NaN equals NaN, and 0.0 differs from -0.0)."""
    found = [Difference(key, f"only in {a.name}") for key in a.infos if key not in b.infos]
    found += [Difference(key, f"only in {b.name}") for key in b.infos if key not in a.infos]
    # A tree is cheap to read in its own order only; files can be read in any order.
    for key in b.infos if isinstance(b, TreeSource) else a.infos:
        left, right = a.infos.get(key), b.infos.get(key)
        if left is None or right is None:
            continue
        if left != right:
            found.append(Difference(key, f"{left.dtype} {list(left.shape)} against {right.dtype} {list(right.shape)}"))
            continue
        x, y = np.ascontiguousarray(a.read(key)), np.ascontiguousarray(b.read(key))
        if x.size and not np.array_equal(np.ravel(x).view(np.uint8), np.ravel(y).view(np.uint8)):
            found.append(Difference(key, _differing_values(x, y)))
    return found


def _differing_values(x: Shaped[np.ndarray, "..."], y: Shaped[np.ndarray, "..."]) -> str:
    """The number of values with different bytes, and the largest difference."""
    left_bytes, right_bytes = (
        rearrange(np.ravel(array).view(np.uint8), "(value byte) -> value byte", value=array.size) for array in (x, y)
    )
    different = np.any(left_bytes != right_bytes, axis=1)
    left, right = (np.ravel(array)[different].astype(np.float64) for array in (x, y))
    message = f"{len(left)} of {x.size} values differ"
    finite = np.isfinite(left) & np.isfinite(right)
    if finite.any():
        message += f", by at most {np.abs(left[finite] - right[finite]).max():.3g}"
    if not finite.all():
        message += f", {np.count_nonzero(~finite)} of them with NaN or infinity"
    return message
