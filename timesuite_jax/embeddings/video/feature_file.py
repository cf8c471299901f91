"""Files of one video's features: NumPy's .npz, safetensors or Parquet, with the settings that decided them."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from etils import epath
from jaxtyping import Float, Float32
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from timesuite_jax.errors import UserError
from timesuite_jax.storage.atomic_write import atomic_write
from timesuite_jax.storage.npz import load_arrays
from timesuite_jax.storage.staging import local_copy

_SETTINGS = "settings"
_Stored = tuple[Any, Any, Any]  # features, seconds and settings, whatever a file has


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


def _read_npz(path: Path) -> _Stored:
    arrays = load_arrays(path)
    return arrays["features"], arrays["seconds"], json.loads(str(arrays[_SETTINGS]))


def _write_safetensors(path: Path, content: VideoFeatures) -> None:
    arrays = {name: np.ascontiguousarray(array) for name, array in content.arrays.items()}
    save_file(arrays, path, {_SETTINGS: json.dumps(content.settings)})


def _read_safetensors(path: Path) -> _Stored:
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata() or {}
        return file.get_tensor("features"), file.get_tensor("seconds"), json.loads(metadata[_SETTINGS])


def _write_parquet(path: Path, content: VideoFeatures) -> None:
    """A row for each feature; the shape of one is in the metadata."""
    import pyarrow as pa  # imported late: it takes 24 MB, and other formats do not need it
    from pyarrow import parquet

    rows = len(content.features)
    flat = content.features.reshape(rows, -1)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(flat.reshape(-1)), flat.shape[1])
    table = pa.table({"start": content.seconds[:, 0], "end": content.seconds[:, 1], "feature": vectors})
    metadata = {_SETTINGS: json.dumps(content.settings), "shape": json.dumps(content.features.shape[1:])}
    parquet.write_table(table.replace_schema_metadata(metadata), path)


def _read_parquet(path: Path) -> _Stored:
    import pyarrow as pa  # late, as above
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except pa.ArrowException as error:
        raise ValueError(f"{error}") from error
    metadata = {key.decode(): value for key, value in (table.schema.metadata or {}).items()}
    flat = table["feature"].combine_chunks().flatten().to_numpy()
    features = flat.reshape(table.num_rows, *json.loads(metadata["shape"]))
    seconds = np.stack([table["start"].to_numpy(), table["end"].to_numpy()], axis=1)
    return features, seconds, json.loads(metadata[_SETTINGS])


FORMATS: Mapping[str, tuple[Callable[[Path, VideoFeatures], None], Callable[[Path], _Stored]]] = {
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
        return _checked(*read(local_copy(path)))
    except KeyError as error:
        raise _damaged(path, f"it has no {error}") from error
    except (AttributeError, ValueError, TypeError, OSError, SafetensorError) as error:
        raise _damaged(path, f"{error}") from error


def _checked(features: Any, seconds: Any, settings: Any) -> VideoFeatures:
    """What a file has, if shapes go together and settings have names.

    Raises:
      ValueError: if not.
    """
    if features.dtype != np.float32 or features.ndim not in (2, 3):
        raise ValueError(f"its features are {features.dtype} {list(features.shape)}, not float32 [rows, D]")
    if seconds.dtype.kind != "f" or seconds.shape != (len(features), 2):
        raise ValueError(f"its seconds are {seconds.dtype} {list(seconds.shape)}, not start and end of each row")
    if not isinstance(settings, dict):
        raise ValueError(f"its settings are {settings!r}, not a JSON object")
    return VideoFeatures(features, seconds, settings)


def _damaged(path: epath.PathLike, problem: str) -> UserError:
    return UserError(f"{path} is not a file of features: {problem}; remove it and extract them again")


def _format(path: epath.PathLike) -> str:
    suffix = epath.Path(path).suffix.removeprefix(".")
    if suffix not in FORMATS:
        raise UserError(f"{path}: features are stored as {', '.join(FORMATS)}, not {suffix!r}; give another suffix")
    return suffix
