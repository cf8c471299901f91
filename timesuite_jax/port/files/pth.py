"""PyTorch's zip checkpoints (`.pth`, `.pt`, `.bin`), read without PyTorch and without running code from the file.

`torch.save` writes an uncompressed zip archive: `<root>/data.pkl` describes the tensors, `<root>/data/<n>` are the
storages. The pickle is interpreted by `storage.restricted_pickle`, which calls nothing that the file chooses; the
storages are mapped from the file, so that only tensors that are used are read.

Zip archives are parsed by `zipfile`, whose reader cannot map an entry; its offsets are checked here.
"""

import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
from jaxtyping import Shaped

from timesuite_jax.errors import UserError
from timesuite_jax.port.files.source import TensorInfo, map_flat
from timesuite_jax.port.files.torch_pickle import REMEDY, TORCH, TensorRef
from timesuite_jax.storage.restricted_pickle import MAX_PICKLE, Opaque, load_restricted

# Keys of the state dict: of the original, DeepSpeed, Lightning, PyTorch's tutorials.
CONTAINERS = ("model", "module", "state_dict", "model_state_dict")
MAX_EXPANDED_BYTES = 2**30
_KINDS: dict[str, np.dtype] = {
    "Double": np.dtype(np.float64),
    "Float": np.dtype(np.float32),
    "Half": np.dtype(np.float16),
    "BFloat16": np.dtype(ml_dtypes.bfloat16),
    "Long": np.dtype(np.int64),
    "Int": np.dtype(np.int32),
    "Short": np.dtype(np.int16),
    "Char": np.dtype(np.int8),
    "Byte": np.dtype(np.uint8),
    "Bool": np.dtype(np.bool_),
    "Untyped": np.dtype(np.uint8),
    "Float8_e4m3fn": np.dtype(ml_dtypes.float8_e4m3fn),
    "Float8_e5m2": np.dtype(ml_dtypes.float8_e5m2),
}


class PthFile:
    """A `.pth` file as a source; `container` is the key of its state dict, `others` are the other keys of the file.

    Raises:
      UserError: on opening, if the file is damaged, not a zip checkpoint, or has more than tensors and plain values.
    """

    def __init__(self, path: Path):
        self.path = path
        self.name = str(path)
        members = _members(path)
        root = _root(path, members)
        if f"{root}/byteorder" in members and self._bytes(members[f"{root}/byteorder"]) != b"little":
            raise UserError(f"{path} was written on a big-endian machine{REMEDY}")
        pickle = self._bytes(members[f"{root}/data.pkl"])
        self.container, state, self.others = _state_dict(path, load_restricted(pickle, str(path), TORCH))
        self._tensors: dict[str, tuple[int, TensorRef]] = {}
        self.infos: dict[str, TensorInfo] = {}
        for key, tensor in state.items():
            member = members.get(f"{root}/data/{tensor.storage.key}")
            if member is None:
                raise UserError(f"{path}: the storage of {key!r} is not in the archive; copy the file again")
            if tensor.storage.kind not in _KINDS:
                raise UserError(f"{path}: {key!r} is of type {tensor.storage.kind}, which is not read{REMEDY}")
            dtype = _KINDS[tensor.storage.kind]
            info = TensorInfo(tensor.shape, dtype)
            _check_bounds(path, key, tensor, member[1], info)
            self._tensors[key] = (member[0], tensor)
            self.infos[key] = info

    def _bytes(self, member: tuple[int, int]) -> bytes:
        offset, size = member
        if size > MAX_PICKLE:
            raise UserError(f"{self.path}: its pickle has {size} bytes, the limit is {MAX_PICKLE}{REMEDY}")
        return map_flat(self.path, offset, size, np.dtype(np.uint8)).tobytes()

    def read(self, key: str) -> Shaped[np.ndarray, "..."]:
        """The tensor under `key`: a read-only view of the part of its storage that it covers."""
        start, tensor = self._tensors[key]
        dtype = self.infos[key].dtype
        flat = map_flat(self.path, start + tensor.offset * dtype.itemsize, _extent(tensor), dtype)
        if not flat.size:
            return np.empty(tensor.shape, dtype)
        strides = [stride * dtype.itemsize for stride in tensor.strides]
        # As integers of the same size: NumPy does not know all of ml_dtypes' types here.
        integers = flat.view(f"u{dtype.itemsize}")
        return np.lib.stride_tricks.as_strided(integers, tensor.shape, strides, writeable=False).view(dtype)


def _extent(tensor: TensorRef) -> int:
    """Number of values from the first to the last of a tensor in its storage."""
    if 0 in tensor.shape:
        return 0
    return 1 + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.strides, strict=True))


def _check_bounds(path: Path, key: str, tensor: TensorRef, nbytes: int, info: TensorInfo) -> None:
    storage = tensor.storage
    if storage.numel * info.dtype.itemsize > nbytes:
        raise UserError(
            f"{path}: {key!r} declares {storage.numel} values, its storage has {nbytes} bytes; get it again"
        )
    if tensor.offset + _extent(tensor) > storage.numel or not info.addressable:
        raise UserError(f"{path}: {key!r} of shape {list(tensor.shape)} reaches beyond its storage; get the file again")
    # A forged view with overlapping values may claim any size; written out it would fill the disk.
    if info.size > storage.numel and info.nbytes > MAX_EXPANDED_BYTES:
        raise UserError(
            f"{path}: {key!r} of shape {list(tensor.shape)} is an expanded view of a storage of {storage.numel} "
            f"values; such views of more than {MAX_EXPANDED_BYTES} bytes are not read: save it with .contiguous()"
        )


def _state_dict(path: Path, value: Any) -> tuple[str | None, dict[str, TensorRef], tuple[str, ...]]:
    """The state dict in a checkpoint: its tensors, its key (None: the checkpoint itself), and all other keys."""
    if isinstance(value, Opaque):
        raise UserError(
            f"{path} contains an object of {value.kind}, not a state dict; load it in the program that wrote it and "
            "save its state_dict()"
        )
    if not isinstance(value, dict):
        raise UserError(f"{path} contains a {type(value).__name__}, not a checkpoint dictionary")
    found = {name: inner for name, inner in value.items() if isinstance(inner, dict) and _tensors(inner)}
    known = [name for name in CONTAINERS if name in found]
    if len(known) > 1 or (not known and not _tensors(value) and len(found) > 1):
        names = ", ".join(str(name)[:40] for name in known or found)
        raise UserError(f"{path} has several state dicts ({names}); save one of them to a file of its own")
    container = next((name for name in (*known, *found) if name in known or not _tensors(value)), None)
    state = value if container is None else found[container]
    tensors = _tensors(state)
    if not tensors:
        names = ", ".join(str(key)[:40] for key in list(value)[:8]) or "nothing"
        raise UserError(
            f"{path} has no tensors under {' or '.join(map(repr, CONTAINERS))} or at its top (found: {names}); "
            "give a file with a state dict"
        )
    others = [str(key) for key in value if key != container] if container is not None else []
    others += [str(key) for key in state if key not in tensors]
    return None if container is None else str(container), tensors, tuple(others)


def _tensors(state: Mapping[Any, Any]) -> dict[str, TensorRef]:
    return {key: item for key, item in state.items() if isinstance(key, str) and isinstance(item, TensorRef)}


def _root(path: Path, names: Collection[str]) -> str:
    """The folder inside the archive; torch names it after the file."""
    if names and all(name.endswith(".npy") for name in names):
        raise UserError(f"{path} is a NumPy archive; save its arrays as .safetensors and give that")
    roots = [name.removesuffix("/data.pkl") for name in names if name.count("/") == 1 and name.endswith("/data.pkl")]
    if len(roots) != 1:
        raise UserError(
            f"{path} is a zip archive but not a PyTorch checkpoint ({len(roots)} entries */data.pkl); "
            "give a .pth or .safetensors, extracted if it is in the archive"
        )
    if f"{roots[0]}/constants.pkl" in names:
        raise UserError(f"{path} is a TorchScript program; save its state_dict() with PyTorch and give that")
    return roots[0]


def _members(path: Path) -> dict[str, tuple[int, int]]:
    """Name -> (offset, size) of the archive's entries, each uncompressed and in bytes of its own."""
    with path.open("rb") as file:
        start = file.read(4)
        if not start:
            raise UserError(f"{path} is empty (0 bytes); copy it again")
        if start[:1] == b"\x80":
            raise UserError(
                f"{path} is a checkpoint of PyTorch before 1.6, a bare pickle, which is not read here{REMEDY}"
            )
        if start != b"PK\x03\x04":
            raise UserError(
                f"{path} is not a PyTorch checkpoint (it begins with {start!r}); give a .pth or .safetensors"
            )
        try:
            with zipfile.ZipFile(file) as archive:
                infos = archive.infolist()
                end = archive.start_dir
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeDecodeError) as error:
            raise UserError(f"{path} is truncated or damaged ({error}); copy it again") from error
        _root(path, [info.filename for info in infos])  # any other archive gets its own message first
        members: dict[str, tuple[int, int]] = {}
        extents = []
        for info in infos:
            if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size or info.flag_bits & 1:
                raise UserError(f"{path}: {info.filename[:80]!r} is compressed, which torch.save never does{REMEDY}")
            file.seek(max(0, info.header_offset))  # a forged directory can make it negative
            header = file.read(30)
            valid = header[:4] == b"PK\x03\x04" and len(header) == 30 and info.header_offset >= 0
            if not valid or info.filename in members:
                raise UserError(f"{path}: entry {info.filename[:80]!r} is damaged or duplicated; copy it again")
            names = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
            offset = info.header_offset + 30 + names
            members[info.filename] = (offset, info.file_size)
            extents.append((info.header_offset, offset + info.file_size))
    position = 0
    for begin, stop in sorted(extents):
        if begin < position or stop > end:
            raise UserError(f"{path}: entries of the archive overlap; the file is damaged or forged, get it again")
        position = stop
    return members
