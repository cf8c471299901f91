"""Reads, checks and normalizes feature vectors of items (of their videos, texts or images)."""

import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from timesuite_jax.errors import UserError
from timesuite_jax.storage.npz import read_arrays


class ItemFeatures(NamedTuple):
    """One vector per item.

    Attributes:
      vectors: centered, and scaled to a mean square of 1.
      checksum: of the vectors in the file, so that it does not depend on the rounding of mean and scale.
    """

    vectors: Float[np.ndarray, "V F"]
    checksum: int


def read_features(path: Path, items: int) -> ItemFeatures:
    """Reads an `.npy`, or an `.npz` with one array: one row per item, in the order of ids.

    Raises:
      UserError: if the file cannot be read, is not one finite vector per item, or all vectors are equal.
    """
    arrays = read_arrays(
        path,
        "give an .npy of numbers, one row per item",
        absent="restore the item vectors at the run's features.path: evaluation and recommendation need the file, too",
    )
    if len(arrays) != 1:
        raise UserError(f"{path} contains {', '.join(arrays) or 'no array'}; it must contain one array")
    (content,) = arrays.values()
    real = np.issubdtype(content.dtype, np.integer) or np.issubdtype(content.dtype, np.floating)
    if content.ndim != 2 or content.shape[0] != items or not content.shape[1] or not real:
        raise UserError(
            f"{path} contains {content.dtype} {list(content.shape)}; it must contain numbers, "
            f"one row for each of {items} items"
        )
    with np.errstate(over="ignore"):  # reported below
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
            f"{path}: the vectors deviate from their mean by {scale}; give vectors that differ, with values below 1e18"
        )
    return ItemFeatures(features / scale, checksum)


def principal_axes(features: Float[np.ndarray, "V F"], width: int) -> Float[np.ndarray, "V D"]:
    """Projects the vectors onto their `width` principal axes; columns beyond the number of axes are zero."""
    _, axes = np.linalg.eigh(features.T @ features)  # eigenvalues ascend
    projected = features @ axes[:, ::-1][:, :width]
    return np.pad(projected, ((0, 0), (0, width - projected.shape[1])))
