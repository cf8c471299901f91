"""The safetensors format, read with suspicion and written in a stream.

Layout: 8 bytes little-endian length, a JSON header {name: {dtype, shape, data_offsets}}, then the values. Reading
checks what the format promises (header at most 100 MB, no overlap, no hole, no byte left over), as the reference
implementation does; writing takes one tensor at a time, so an export needs no second copy of the model.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
from jaxtyping import Shaped

from timesuite_jax.errors import UserError
from timesuite_jax.port.files.source import TensorInfo, map_flat
from timesuite_jax.storage.atomic_write import atomic_write

MAX_HEADER = 100_000_000  # bytes; the reference implementation's cap

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
        self._offsets: dict[str, int] = {}
        self.infos: dict[str, TensorInfo] = {}
        header, data_start, size = _read_header(path)
        spans = []
        for key, fields in header.items():
            if key == "__metadata__":
                continue
            info, begin, end = _parse_entry(path, key, fields)
            spans.append((begin, end, key))
            self.infos[key] = info
            self._offsets[key] = data_start + begin
        position = 0
        for begin, end, key in sorted(spans):
            if begin != position:
                raise UserError(
                    f"{path}: tensor {key!r} begins at byte {begin} where {position} was due: tensors overlap or leave "
                    "a hole; the file is damaged or forged, get it again"
                )
            position = end
        if data_start + position != size:
            raise UserError(
                f"{path} has {size} bytes, its header describes {data_start + position}; "
                "the file is truncated or has a tail, copy it again"
            )

    def read(self, key: str) -> Shaped[np.ndarray, "..."]:
        """The tensor under `key`, mapped."""
        info = self.infos[key]
        return np.reshape(map_flat(self.path, self._offsets[key], info.size, info.dtype), info.shape)


def _read_header(path: Path) -> tuple[Mapping[str, Any], int, int]:
    """Returns (header, start of the values, size of the file)."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        if len(start) < 8:
            raise UserError(f"{path} has {size} bytes and cannot be a safetensors file; copy it again")
        length = int.from_bytes(start, "little")
        if length > MAX_HEADER:
            raise UserError(
                f"{path} announces a header of {length} bytes, {MAX_HEADER} are allowed; it is no safetensors file"
            )
        if 8 + length > size:
            raise UserError(f"{path} ends inside its header ({size} bytes of {8 + length}); copy it again")
        text = file.read(length)
    try:
        header = json.loads(text, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: the safetensors header is not valid JSON ({error}); get the file again") from error
    if not isinstance(header, dict):
        raise UserError(f"{path}: the safetensors header is a {type(header).__name__}, not an object")
    return header, 8 + length, size


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("a key stands twice")
    return mapping


def _parse_entry(path: Path, key: str, fields: Any) -> tuple[TensorInfo, int, int]:
    """Returns (info, begin, end) of one header entry, checked against each other."""

    def natural(numbers: Any) -> bool:
        return isinstance(numbers, list) and all(type(n) is int and 0 <= n < 2**63 for n in numbers)

    if not isinstance(fields, dict) or not natural(fields.get("shape")) or not natural(fields.get("data_offsets")):
        raise UserError(f"{path}: the header entry of {key!r} lacks a sound shape or data_offsets; get the file again")
    dtype = fields.get("dtype")
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise UserError(f"{path}: {key!r} has type {dtype!r}; readable are {', '.join(DTYPES)}")
    info = TensorInfo(tuple(fields["shape"]), DTYPES[dtype])
    offsets = fields["data_offsets"]
    if not info.addressable or len(offsets) != 2 or offsets[1] - offsets[0] != info.nbytes:
        raise UserError(f"{path}: {key!r} of shape {list(info.shape)} cannot fill bytes {offsets}; get the file again")
    return info, offsets[0], offsets[1]


def write_safetensors(
    path: Path,
    tensors: Iterable[tuple[str, Shaped[np.ndarray, "..."]]],
    infos: Mapping[str, TensorInfo],
    metadata: Mapping[str, str],
) -> None:
    """Writes a file tensor by tensor.

    Args:
      path: where; an existing file is replaced only when the new one is complete.
      tensors: (key, array) in the order of `infos`.
      infos: shapes and types of all tensors, needed before the first value can be written.
      metadata: strings for the header's `__metadata__`.

    Raises:
      UserError: if the format has no name for a type.
      ValueError: if a tensor is not what `infos` announced.
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    position = 0
    for key, info in infos.items():
        if info.dtype not in _NAMES:
            raise UserError(f"{key} has type {info.dtype}, which safetensors cannot hold; cast it first")
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
                raise ValueError(f"{key} {array.shape} {array.dtype} was announced as {name} {info}")
            file.write(np.ascontiguousarray(array).view(np.uint8).data if array.size else b"")
