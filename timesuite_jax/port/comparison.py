"""Compares two checkpoints tensor by tensor: byte by byte, or within tolerances."""

import dataclasses
from collections.abc import Iterator

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Shaped, UInt8

from timesuite_jax.errors import UserError
from timesuite_jax.port.files.source import Source
from timesuite_jax.port.tree_source import TreeSource

_CHUNK = 2**22  # values that are compared at a time, so that float64 copies of a large tensor need little memory
Chunk = tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]


@dataclasses.dataclass(frozen=True)
class Difference:
    """One tensor that differs."""

    key: str
    what: str


@dataclasses.dataclass(frozen=True)
class Largest:
    """The largest difference of two finite values."""

    key: str
    absolute: float
    relative: float  # to the largest value of the tensor in the second checkpoint


@dataclasses.dataclass(frozen=True)
class Comparison:
    """All tensors that differ by more than the tolerances, and the largest difference of all, within them or not."""

    differences: list[Difference]
    largest: Largest | None  # None if all values are equal


def compare(a: Source, b: Source, *, atol: float = 0.0, rtol: float = 0.0) -> Comparison:
    """Compares keys, shapes, types and values.

    Without tolerances types and bytes must be equal (so NaN equals NaN, and 0.0 differs from -0.0). With tolerances,
    values x of `a` and y of `b` of any floating-point types are equal if |x - y| <= atol + rtol |y|, or if both are NaN
    or the same infinity.

    Raises:
      UserError: if a tolerance is negative, infinite or NaN.
    """
    for name, value in (("atol", atol), ("rtol", rtol)):
        if not 0 <= value < np.inf:
            raise UserError(f"--{name} {value} must be a number of at least 0")
    found = [Difference(key, f"only in {a.name}") for key in a.infos if key not in b.infos]
    found += [Difference(key, f"only in {b.name}") for key in b.infos if key not in a.infos]
    largest = None
    # A tree is cheap to read in its own order only; files can be read in any order.
    for key in b.infos if isinstance(b, TreeSource) else a.infos:
        left, right = a.infos.get(key), b.infos.get(key)
        if left is None or right is None:
            continue
        floats = jnp.issubdtype(left.dtype, jnp.floating) and jnp.issubdtype(right.dtype, jnp.floating)
        exact = not (atol or rtol) or not floats
        if left.shape != right.shape or (exact and left.dtype != right.dtype):
            found.append(Difference(key, f"{left.dtype} {list(left.shape)} against {right.dtype} {list(right.shape)}"))
            continue
        x, y = np.ravel(a.read(key)), np.ravel(b.read(key))
        if left.dtype == right.dtype and np.array_equal(_bytes(x), _bytes(y)):
            continue
        if what := _description(x, y, exact, atol, rtol):
            found.append(Difference(key, what))
        seen = _largest(key, x, y)
        largest = max((one for one in (largest, seen) if one), key=lambda one: one.absolute, default=None)
    return Comparison(found, largest)


def _bytes(values: Shaped[np.ndarray, " n"]) -> UInt8[np.ndarray, " bytes"]:
    return np.ascontiguousarray(values).view(np.uint8)


def _chunks(x: Shaped[np.ndarray, " n"], y: Shaped[np.ndarray, " n"]) -> Iterator[Chunk]:
    for begin in range(0, x.size, _CHUNK):
        part = slice(begin, begin + _CHUNK)
        yield x[part].astype(np.float64), y[part].astype(np.float64)


def _largest(key: str, x: Shaped[np.ndarray, " n"], y: Shaped[np.ndarray, " n"]) -> Largest | None:
    absolute, scale = 0.0, 0.0
    for left, right in _chunks(x, y):
        finite = np.isfinite(left) & np.isfinite(right)
        absolute = max(absolute, _max_distance(left, right, finite))
        scale = max(scale, np.abs(right[finite]).max(initial=0.0))
    return Largest(key, float(absolute), float(absolute / scale) if scale else np.inf) if absolute else None


def _description(
    x: Shaped[np.ndarray, " n"], y: Shaped[np.ndarray, " n"], exact: bool, atol: float, rtol: float
) -> str:
    """How many values differ and by how much; "" if none does."""
    count, special, absolute = 0, 0, 0.0
    for number, (left, right) in enumerate(_chunks(x, y)):
        if exact:  # the bytes, with the signs of zeros
            part = slice(number * _CHUNK, number * _CHUNK + left.size)
            pairs = (np.reshape(_bytes(array[part]), (left.size, -1)) for array in (x, y))
            different = np.any(np.not_equal(*pairs), axis=1)
        else:
            different = ~np.isclose(left, right, rtol=rtol, atol=atol, equal_nan=True)
        finite = np.isfinite(left) & np.isfinite(right)
        count += np.count_nonzero(different)
        special += np.count_nonzero(different & ~finite)
        absolute = max(absolute, _max_distance(left, right, different & finite))
    if not count:
        return ""
    message = f"{count} of {x.size} values differ"
    message += f", by at most {absolute:.3g}" if count > special else ""
    return message + (f", {special} of them with NaN or infinity" if special else "")


def _max_distance(x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"], where: Bool[np.ndarray, " n"]) -> float:
    return float(np.abs(x[where] - y[where]).max(initial=0.0))
