"""Writes TFRecord files with an index, and reads them with random access; without TensorFlow.

The file format is TensorFlow's: each record is its length (8 bytes, little endian), the masked CRC32C of those bytes,
the payload, the masked CRC32C of the payload. The index of `x.tfrecord` is `x.tfrecord.index.npy`, int64 [records, 2]
of payload offset and length, so that any record takes one read; without it the index is rebuilt from the headers.
"""

import contextlib
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import google_crc32c
import numpy as np
from etils import epath
from jaxtyping import Int

from timesuite_jax.errors import UserError
from timesuite_jax.storage.atomic_write import atomic_write
from timesuite_jax.storage.foreign_files import refuse_foreign
from timesuite_jax.storage.range_reader import RangeReader, file_size
from timesuite_jax.storage.remote_path import to_path

_HEADER = struct.Struct("<QI")
_FOOTER = struct.Struct("<I")
_MASK_DELTA = 0xA282EAD8


def masked_crc(data: bytes) -> int:
    """CRC32C, rotated and offset, as TensorFlow stores it (a CRC of data that contains CRCs would be weak)."""
    crc = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFFFFFF


def index_path(path: epath.Path) -> epath.Path:
    """Path of the index of a shard."""
    return path.with_name(path.name + ".index.npy")


class TFRecordWriter:
    """Writes one shard and its index; a context manager.

    Both appear under their names when complete, so that neither an exception nor a killed process leaves a partial
    shard.

    Raises:
      UserError: the folder cannot be written, or the disk is full.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._entries: list[tuple[int, int]] = []
        self._offset = 0
        self._shard = contextlib.ExitStack()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._shard.enter_context(atomic_write(self.path)).open("wb")
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def write(self, payload: bytes) -> None:
        """Appends one record."""
        length = struct.pack("<Q", len(payload))
        try:
            self._file.write(length + _FOOTER.pack(masked_crc(length)))
            self._file.write(payload)
            self._file.write(_FOOTER.pack(masked_crc(payload)))
        except OSError as error:
            raise cannot_write(self.path, error) from error
        self._entries.append((self._offset + _HEADER.size, len(payload)))
        self._offset += _HEADER.size + len(payload) + _FOOTER.size

    def __enter__(self) -> "TFRecordWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._close_quietly()
            self._shard.__exit__(kind, error, trace)
            return
        try:
            with self._shard:
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
                with atomic_write(index_path(epath.Path(self.path))) as index, index.open("wb") as file:
                    np.save(file, np.asarray(self._entries, np.int64).reshape(-1, 2))
        except OSError as failure:
            self._close_quietly()
            raise cannot_write(self.path, failure) from failure

    def _close_quietly(self) -> None:
        with contextlib.suppress(OSError):  # on a full disk the last flush fails, too; the file has been removed
            self._file.close()


class CorruptRecordError(UserError):
    """A record whose bytes differ from what was written."""


class TFRecordSource:
    """Random access to the records of several shards, in the order given.

    Has `__len__` and `__getitem__`, the interface of a Grain data source; can be pickled into worker processes (files
    are opened there); reads are thread-safe.

    Args:
      paths: shard files.
      check: verify the checksum of each payload (5 to 25 GB/s).

    Raises:
      UserError: a file is missing or is not a TFRecord file.
    """

    def __init__(self, paths: Sequence[epath.PathLike], *, check: bool = True):
        self.paths = tuple(to_path(path) for path in paths)
        self._check = check
        self._indices = [load_index(path) for path in self.paths]
        self._starts = np.concatenate([[0], np.cumsum([len(index) for index in self._indices])])
        self._files: dict[int, RangeReader] = {}

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, number: int) -> bytes:
        number = int(number)
        if not 0 <= number < len(self):
            raise IndexError(f"record {number} of {len(self)}")
        shard, record = self.locate(number)
        offset, length = (int(value) for value in self._indices[shard][record])
        data = self._file(shard).read(offset, length + _FOOTER.size)
        if len(data) < length + _FOOTER.size:
            raise self._corrupt(shard, record, offset, "is truncated")
        payload, (crc,) = data[:length], _FOOTER.unpack(data[length:])
        if self._check and masked_crc(payload) != crc:
            raise self._corrupt(shard, record, offset, "fails its checksum")
        return payload

    def payload_length(self, number: int) -> int:
        """Bytes of a record."""
        shard, record = self.locate(number)
        return int(self._indices[shard][record][1])

    def read_part(self, number: int, start: int, size: int) -> bytes:
        """Reads `size` bytes of a record from byte `start` on; a part has no checksum.

        Raises:
          CorruptRecordError: the file ends before.
        """
        shard, record = self.locate(number)
        offset = int(self._indices[shard][record][0])
        data = self._file(shard).read(offset + start, size)
        if len(data) < size:
            raise self._corrupt(shard, record, offset, "is truncated")
        return data

    def locate(self, number: int) -> tuple[int, int]:
        """Shard and record in it of a global record number."""
        shard = int(np.searchsorted(self._starts, number, side="right")) - 1
        return shard, int(number - self._starts[shard])

    def __repr__(self) -> str:
        # Grain writes this into its messages.
        return f"TFRecordSource({len(self.paths)} shards, {len(self)} records)"

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_files": {}}

    def __del__(self):
        for file in getattr(self, "_files", {}).values():
            file.close()

    def _file(self, shard: int) -> RangeReader:
        if shard not in self._files:
            opened = RangeReader(self.paths[shard])
            # Two threads may open it at the same time; the second closes its own.
            if self._files.setdefault(shard, opened) is not opened:
                opened.close()
        return self._files[shard]

    def _corrupt(self, shard: int, record: int, offset: int, problem: str) -> CorruptRecordError:
        return CorruptRecordError(
            f"{self.paths[shard]}: record {record} at byte {offset} {problem}; copy or build the shard again "
            "(`timesuite data check` lists all damaged records)"
        )


def load_index(path: epath.Path) -> Int[np.ndarray, "records 2"]:
    """Reads the index of a shard, or rebuilds it if it does not match the file.

    Raises:
      UserError: the file is missing or is not a TFRecord file.
    """
    if not path.is_file():
        raise UserError(f"there is no record file {path}; build it with `timesuite data build`")
    # An absent or damaged index: numpy raises anything, from TokenError to MemoryError.
    with contextlib.suppress(Exception), index_path(path).open("rb") as file:
        index = np.lib.format.read_array(file, allow_pickle=False)
        if _fits(index, file_size(path)):
            return index
    return rebuild_index(path)


def _fits(index: np.ndarray, size: int) -> bool:
    """Whether an index covers a file of this size from end to end."""
    if index.dtype != np.int64 or index.ndim != 2 or index.shape[1] != 2:
        return False
    ends = index.sum(axis=1) + _FOOTER.size
    begins = np.concatenate([[0], ends[:-1]]) + _HEADER.size
    return np.array_equal(index[:, 0], begins[: len(index)]) and (ends[-1] if len(ends) else 0) == size


def rebuild_index(path: epath.Path) -> Int[np.ndarray, "records 2"]:
    """Finds the records of a shard by reading its headers.

    Raises:
      UserError: the file is of another kind, e.g. compressed.
      CorruptRecordError: a header is damaged; the records after it cannot be found.
    """
    entries, offset, size = [], 0, file_size(path)
    with path.open("rb") as file:
        while offset < size:
            header = file.read(_HEADER.size)
            length, crc = _HEADER.unpack(header) if len(header) == _HEADER.size else (0, -1)
            if masked_crc(header[:8]) != crc or offset + _HEADER.size + length + _FOOTER.size > size:
                if not entries:
                    refuse_foreign(path)
                raise CorruptRecordError(
                    f"{path}: record {len(entries)} at byte {offset} has a damaged header or is truncated; "
                    "copy or build the shard again"
                )
            entries.append((offset + _HEADER.size, length))
            offset += _HEADER.size + length + _FOOTER.size
            file.seek(offset)
    return np.asarray(entries, np.int64).reshape(-1, 2)


def shard_name(name: str, shard: int, shards: int) -> str:
    """File name of one shard of a corpus."""
    return f"{name}-{shard:05d}-of-{shards:05d}.tfrecord"


def cannot_write(path: Path | epath.Path, error: OSError) -> UserError:
    """The error for a full disk or a read-only folder."""
    return UserError(f"cannot write {path} ({error.strerror}); free disk space or choose a writable folder")
