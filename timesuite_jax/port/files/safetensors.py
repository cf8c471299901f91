"""The safetensors format: headers parsed by the `safetensors` library, values mapped here, files written in a stream.

Layout: 8 bytes little-endian length, a JSON header {name: {dtype, shape, data_offsets}}, then the values. The library
checks the header (size, shapes against offsets, no overlap, no hole, no byte left over), so that the offset of a tensor
is the sum of the sizes of those before it.

What the library lacks: its numpy interface copies each tensor, or the rows of a slice, while shards of a transposed
kernel need views (reading 64 rows of each tensor of a 537 MB file in bfloat16: 0.05 s and 2 MB mapped, 1.1 s and 590 MB
through `get_tensor`; `get_slice` cannot transpose), has no float8, and `save_file` needs all tensors in memory.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import safetensors
from etils import epath
from jaxtyping import Shaped

from timesuite_jax.errors import UserError
from timesuite_jax.port.files.source import TensorInfo, map_flat
from timesuite_jax.storage.atomic_write import atomic_write

DTYPES: dict[str, np.dtype] = {
    "BOOL": np.dtype(np.bool_),
    "U8": np.dtype(np.uint8),
    "I8": np.dtype(np.int8),
    "U16": np.dtype(np.uint16),
    "I16": np.dtype(np.int16),
    "U32": np.dtype(np.uint32),
    "I32": np.dtype(np.int32),
    "U64": np.dtype(np.uint64),
    "I64": np.dtype(np.int64),
    "F16": np.dtype(np.float16),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "F32": np.dtype(np.float32),
    "F64": np.dtype(np.float64),
    "F8_E4M3": np.dtype(ml_dtypes.float8_e4m3fn),
    "F8_E5M2": np.dtype(ml_dtypes.float8_e5m2),
}
_NAMES = {dtype: name for name, dtype in DTYPES.items()}


class SafetensorsFile:
    """A `.safetensors` file as a source.

    Raises:
      UserError: on opening, if the file is not a well-formed safetensors file.
    """

    def __init__(self, path: Path):
        self.path = path
        self.name = str(path)
        self.infos: dict[str, TensorInfo] = {}
        self._offsets: dict[str, int] = {}
        with path.open("rb") as file:
            position = 8 + int.from_bytes(file.read(8), "little")
        try:
            with safetensors.safe_open(path, framework="numpy") as file:
                for key in file.offset_keys():
                    tensor = file.get_slice(key)
                    info = _info(path, key, tensor.get_dtype(), tuple(tensor.get_shape()))
                    self.infos[key], self._offsets[key] = info, position
                    position += info.nbytes
        except (safetensors.SafetensorError, OSError) as error:
            raise UserError(
                f"{path} is not a readable safetensors file ({error}); it is truncated or damaged, copy it again"
            ) from error

    def read(self, key: str) -> Shaped[np.ndarray, "..."]:
        """The tensor under `key`: a read-only view of the file."""
        info = self.infos[key]
        return np.reshape(map_flat(self.path, self._offsets[key], info.size, info.dtype), info.shape)


def _info(path: Path, key: str, dtype: str, shape: tuple[int, ...]) -> TensorInfo:
    if dtype not in DTYPES:
        raise UserError(f"{path}: {key!r} has type {dtype}; readable types are {', '.join(DTYPES)}")
    info = TensorInfo(shape, DTYPES[dtype])
    if not info.addressable:
        raise UserError(f"{path}: {key!r} has shape {list(shape)}, which no array can have; get the file again")
    return info


def write_safetensors(
    path: Path | epath.Path,
    tensors: Iterable[tuple[str, Shaped[np.ndarray, "..."]]],
    infos: Mapping[str, TensorInfo],
    metadata: Mapping[str, str],
) -> None:
    """Writes a file tensor by tensor.

    Args:
      path: an existing file is replaced only when the new one is complete.
      tensors: (key, array) in the order of `infos`.
      infos: shapes and types of all tensors, needed before the first value can be written.
      metadata: strings for the header's `__metadata__`.

    Raises:
      UserError: if the format has no name for a type.
      ValueError: if a tensor differs from its entry in `infos`.
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    position = 0
    for key, info in infos.items():
        if info.dtype not in _NAMES:
            raise UserError(f"{key} has type {info.dtype}, which safetensors cannot store; cast it first")
        header[key] = {
            "dtype": _NAMES[info.dtype],
            "shape": list(info.shape),
            "data_offsets": [position, position + info.nbytes],
        }
        position += info.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # values start on an 8-byte boundary
    with atomic_write(path) as partial, partial.open("wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        expected = iter(infos.items())
        for key, array in tensors:
            name, info = next(expected)
            if (name, info) != (key, TensorInfo(array.shape, array.dtype)):
                raise ValueError(f"{key} {array.shape} {array.dtype}, expected {name} {info}")
            file.write(np.ascontiguousarray(array).view(np.uint8).data if array.size else b"")
