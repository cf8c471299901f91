"""Files of one video's features: NumPy's .npz, safetensors or Parquet, with the settings that decided them."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from etils import epath
from jaxtyping import Float, Float32
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from timesuite_jax.errors import UserError
from timesuite_jax.storage.atomic_write import atomic_write
from timesuite_jax.storage.npz import read_arrays
from timesuite_jax.storage.staging import local_copy

_SETTINGS = "settings"


@dataclasses.dataclass(frozen=True)
class VideoFeatures:
    """Features of one video.

    Attributes:
      features: [rows, D], or with tokens [rows, N, D].
      seconds: start and end of what each row is about; both are the time of a frame's row.
      settings: what decided the values.
    """

    features: Float32[np.ndarray, "rows *tokens D"]
    seconds: Float[np.ndarray, "rows 2"]
    settings: Mapping[str, Any]

    @property
    def arrays(self) -> dict[str, Float[np.ndarray, "rows ..."]]:
        """The arrays, by name."""
        return {"features": self.features, "seconds": np.asarray(self.seconds, np.float64)}


def _write_npz(path: Path, content: VideoFeatures) -> None:
    with path.open("wb") as file:
        arrays: dict[str, Any] = {**content.arrays, _SETTINGS: np.asarray(json.dumps(content.settings))}
        np.savez(file, **arrays)


def _read_npz(path: Path) -> VideoFeatures:
    arrays = read_arrays(path, "extract the features again")
    return VideoFeatures(arrays["features"], arrays["seconds"], json.loads(str(arrays[_SETTINGS])))


def _write_safetensors(path: Path, content: VideoFeatures) -> None:
    arrays = {name: np.ascontiguousarray(array) for name, array in content.arrays.items()}
    save_file(arrays, path, {_SETTINGS: json.dumps(content.settings)})


def _read_safetensors(path: Path) -> VideoFeatures:
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata() or {}
        return VideoFeatures(file.get_tensor("features"), file.get_tensor("seconds"), json.loads(metadata[_SETTINGS]))


def _write_parquet(path: Path, content: VideoFeatures) -> None:
    """A row for each feature; the shape of one is in the metadata."""
    rows = len(content.features)
    flat = content.features.reshape(rows, -1)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(flat.reshape(-1)), flat.shape[1])
    table = pa.table({"start": content.seconds[:, 0], "end": content.seconds[:, 1], "feature": vectors})
    metadata = {_SETTINGS: json.dumps(content.settings), "shape": json.dumps(content.features.shape[1:])}
    pq.write_table(table.replace_schema_metadata(metadata), path)


def _read_parquet(path: Path) -> VideoFeatures:
    table = pq.read_table(path)
    metadata = table.schema.metadata
    flat = table["feature"].combine_chunks().flatten().to_numpy()
    features = flat.reshape(table.num_rows, *json.loads(metadata[b"shape"]))
    seconds = np.stack([table["start"].to_numpy(), table["end"].to_numpy()], axis=1)
    return VideoFeatures(features, seconds, json.loads(metadata[_SETTINGS.encode()]))


FORMATS: Mapping[str, tuple[Callable[[Path, VideoFeatures], None], Callable[[Path], VideoFeatures]]] = {
    "npz": (_write_npz, _read_npz),
    "safetensors": (_write_safetensors, _read_safetensors),
    "parquet": (_write_parquet, _read_parquet),
}


def write_features(path: epath.PathLike, content: VideoFeatures) -> None:
    """Writes a file atomically, in the format that its suffix names."""
    write, _ = FORMATS[_format(path)]
    with atomic_write(path) as partial:
        write(partial, content)


def read_features(path: epath.PathLike) -> VideoFeatures:
    """Reads a file that `write_features` wrote.

    Raises:
      UserError: the file is damaged, or of another kind.
    """
    _, read = FORMATS[_format(path)]
    try:
        return read(local_copy(path))
    except (KeyError, ValueError, TypeError, OSError, SafetensorError, pa.ArrowException) as error:
        raise UserError(f"{path} is not a file of features ({error}); remove it and extract them again") from error


def _format(path: epath.PathLike) -> str:
    suffix = epath.Path(path).suffix.removeprefix(".")
    if suffix not in FORMATS:
        raise UserError(f"{path}: features are stored as {', '.join(FORMATS)}, not {suffix!r}; give another suffix")
    return suffix
