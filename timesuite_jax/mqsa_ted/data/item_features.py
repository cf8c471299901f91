"""Vectors of items that a user supplies (of their videos, texts, pictures): read, checked, brought to one scale."""

import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from timesuite_jax.errors import UserError
from timesuite_jax.storage.npz import read_arrays


class ItemFeatures(NamedTuple):
    """A vector an item.

    Attributes:
      vectors: around their mean, scaled so that the mean of their squares is 1.
      checksum: of the vectors as the file has them, which no rounding of mean and scale changes.
    """

    vectors: Float[np.ndarray, "V F"]
    checksum: int


def read_features(path: Path, items: int) -> ItemFeatures:
    """Reads an `.npy`, or the one array of an `.npz`: a row an item, in the order of their ids.

    Raises:
      UserError: if the file cannot be read, or is not one vector of numbers for each item, or all vectors are the same.
    """
    arrays = read_arrays(
        path,
        "give an .npy of numbers, a row an item",
        absent="bring the items' vectors back to where the run's features.path has them: evaluating and recommending "
        "need the file, too",
    )
    if len(arrays) != 1:
        raise UserError(f"{path} holds {', '.join(arrays) or 'nothing'}; it must hold one array")
    (content,) = arrays.values()
    real = np.issubdtype(content.dtype, np.integer) or np.issubdtype(content.dtype, np.floating)
    if content.ndim != 2 or content.shape[0] != items or not content.shape[1] or not real:
        raise UserError(
            f"{path} holds {content.dtype} {list(content.shape)}; it must hold numbers, a row for each of {items} items"
        )
    with np.errstate(over="ignore"):  # what float32 does not hold is told below
        features = content.astype(np.float32)
    if not np.all(np.isfinite(features)):
        row = int(np.argmin(np.all(np.isfinite(features), axis=1)))
        raise UserError(f"{path}: the vector of item {row} is not finite; correct it")
    checksum = zlib.crc32(np.ascontiguousarray(features).tobytes())
    with np.errstate(over="ignore", invalid="ignore"):
        features -= features.mean(axis=0)
        scale = np.sqrt(np.mean(np.square(features)))
    if not 0 < scale < np.inf:
        raise UserError(
            f"{path}: the vectors differ by {scale} from their mean; give vectors that differ, and none above 1e18"
        )
    return ItemFeatures(features / scale, checksum)


def principal_axes(features: Float[np.ndarray, "V F"], width: int) -> Float[np.ndarray, "V D"]:
    """The vectors seen along the `width` directions in which they differ most; zero beyond the directions they have."""
    _, directions = np.linalg.eigh(features.T @ features)  # of the largest eigenvalue last
    seen = features @ directions[:, ::-1][:, :width]
    return np.pad(seen, ((0, 0), (0, width - seen.shape[1])))
