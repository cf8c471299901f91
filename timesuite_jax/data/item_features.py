"""Vectors of items that a user supplies (of their videos, texts, pictures): read, checked, brought to one scale."""

import zipfile
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import Float

from timesuite_jax.errors import UserError


def read_features(path: Path, items: int) -> Float[np.ndarray, "V F"]:
    """Reads an `.npy`, or the one array of an `.npz`: a row an item, in the order of their ids.

    Returns:
      The vectors around their mean, scaled so that the mean of their squares is 1.

    Raises:
      UserError: if the file cannot be read, or is not one vector of numbers for each item, or all vectors are the same.
    """
    try:
        with path.open("rb") as raw:
            content = np.load(raw, allow_pickle=False)
            if isinstance(content, np.lib.npyio.NpzFile):
                if len(content.files) != 1:
                    raise UserError(f"{path} holds {', '.join(content.files) or 'nothing'}; it must hold one array")
                content = content[content.files[0]]
    except FileNotFoundError as error:
        raise UserError(
            f"{path} does not exist; bring the items' vectors back to where the run's features.path has them: "
            "evaluating and recommending need the file, too"
        ) from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"cannot read {path}: {error}; give an .npy of numbers, a row an item") from error
    if content.ndim != 2 or len(content) != items or not np.issubdtype(content.dtype, np.number):
        raise UserError(
            f"{path} holds {content.dtype} {list(content.shape)}; it must hold numbers, a row for each of {items} items"
        )
    features = content.astype(np.float32)
    if not np.all(np.isfinite(features)):
        row = int(np.argmin(np.all(np.isfinite(features), axis=1)))
        raise UserError(f"{path}: the vector of item {row} is not finite; correct it")
    features -= features.mean(axis=0)
    if not (scale := float(np.sqrt(np.mean(np.square(features))))):
        raise UserError(f"{path}: all items have the same vector, which tells nothing of them; give others")
    return features / np.float32(scale)


def principal_axes(features: Float[np.ndarray, "V F"], width: int) -> Float[np.ndarray, "V D"]:
    """The vectors seen along the `width` directions in which they differ most; zero beyond the directions they have."""
    _, directions = np.linalg.eigh(features.T @ features)  # of the largest eigenvalue last
    seen = features @ directions[:, ::-1][:, :width]
    return np.pad(seen, ((0, 0), (0, width - seen.shape[1])))
