"""Writes TFRecord files with an index, and reads them with random access; without TensorFlow.

The file format is TensorFlow's: each record is its length (8 bytes, little endian), the masked CRC32C of those bytes,
the payload, the masked CRC32C of the payload. The index of `x.tfrecord` is `x.tfrecord.index.npy`, int64 [records, 2]
of payload offset and length, so that any record takes one read; without it the index is rebuilt from the headers.
"""

import contextlib
import io
import os
import struct
from array import array
from collections.abc import Sequence
from types import TracebackType

import google_crc32c
import numpy as np
from etils import epath
from jaxtyping import Int

from timesuite_jax.errors import UserError
from timesuite_jax.storage.atomic_write import atomic_write
from timesuite_jax.storage.foreign_files import refuse_foreign
from timesuite_jax.storage.range_reader import RangeReader, file_size
from timesuite_jax.storage.remote_path import make_folder, to_path
from timesuite_jax.storage.write_errors import cause_of, explain_write_errors

_HEADER = struct.Struct("<QI")
_FOOTER = struct.Struct("<I")
_MASK_DELTA = 0xA282EAD8
_MAX_INDEX_HEADER = 4096  # bytes of an .npy file before its data


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

    Args:
      path: on a disk or in a bucket.

    Raises:
      UserError: the folder cannot be written, or the disk is full.
    """

    def __init__(self, path: epath.PathLike):
        self.path = to_path(path)
        self.checksum = google_crc32c.Checksum()  # of the file so far
        self._entries = array("q")  # offset and length of each payload
        self._offset = 0
        self._shard = contextlib.ExitStack()
        try:
            make_folder(self.path.parent)
            self._file = self._shard.enter_context(atomic_write(self.path)).open("wb")
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def write(self, payload: bytes) -> None:
        """Appends one record."""
        length = struct.pack("<Q", len(payload))
        try:
            for part in (length + _FOOTER.pack(masked_crc(length)), payload, _FOOTER.pack(masked_crc(payload))):
                self._file.write(part)
                self.checksum.update(part)
        except OSError as error:
            raise cannot_write(self.path, error) from error
        self._entries.extend((self._offset + _HEADER.size, len(payload)))
        self._offset += _HEADER.size + len(payload) + _FOOTER.size

    @property
    def records(self) -> int:
        """Number of records so far."""
        return len(self._entries) // 2

    @property
    def size(self) -> int:
        """Size of the file so far."""
        return self._offset

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
                with atomic_write(index_path(self.path)) as index, index.open("wb") as file:
                    np.save(file, _as_index(self._entries))
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
        data = self._file(shard).read(offset - _HEADER.size, _HEADER.size + length + _FOOTER.size)
        if len(data) < _HEADER.size + length + _FOOTER.size:
            raise self._corrupt(shard, record, offset, "is truncated")
        if self._check:
            self._check_header(shard, record, offset, length, data[: _HEADER.size])
        payload, (crc,) = data[_HEADER.size : -_FOOTER.size], _FOOTER.unpack(data[-_FOOTER.size :])
        if self._check and masked_crc(payload) != crc:
            raise self._corrupt(shard, record, offset, "fails its checksum")
        return payload

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of records of each shard."""
        return tuple(len(index) for index in self._indices)

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

    def _check_header(self, shard: int, record: int, offset: int, length: int, header: bytes) -> None:
        """Compares the length in the file with that in the index."""
        stored, crc = _HEADER.unpack(header)
        if masked_crc(header[:8]) == crc and stored == length:
            return
        path = self.paths[shard]
        try:
            current = rebuild_index(path)
        except CorruptRecordError:
            raise self._corrupt(shard, record, offset, "has a damaged header") from None
        if not np.array_equal(current, self._indices[shard]):
            raise CorruptRecordError(
                f"{path}: record {record} is not where {index_path(path).name} places it, because that index is of "
                "another file; delete the index, which is only faster than none"
            )

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
    size = file_size(path)
    # An absent or damaged index: numpy raises anything, from TokenError to MemoryError.
    with contextlib.suppress(Exception):
        if file_size(index_path(path)) <= _MAX_INDEX_HEADER + size:  # one entry takes as much as an empty record
            index = np.load(io.BytesIO(index_path(path).read_bytes()), allow_pickle=False)
            if _fits(index, size):
                return index
    return rebuild_index(path)


def _fits(index: np.ndarray, size: int) -> bool:
    """Whether an index covers a file of this size from end to end."""
    if index.dtype != np.int64 or index.ndim != 2 or index.shape[1] != 2 or np.any(index < 0):
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
    entries, offset, size = array("q"), 0, file_size(path)
    with path.open("rb") as file:
        while offset < size:
            header = file.read(_HEADER.size)
            length, crc = _HEADER.unpack(header) if len(header) == _HEADER.size else (0, -1)
            if masked_crc(header[:8]) != crc or offset + _HEADER.size + length + _FOOTER.size > size:
                if not entries:
                    refuse_foreign(path)
                raise CorruptRecordError(
                    f"{path}: record {len(entries) // 2} at byte {offset} has a damaged header or is truncated; "
                    "copy or build the shard again"
                )
            entries.extend((offset + _HEADER.size, length))
            offset += _HEADER.size + length + _FOOTER.size
            file.seek(offset)
    return _as_index(entries)


def _as_index(entries: array) -> Int[np.ndarray, "records 2"]:
    return np.frombuffer(entries, np.int64).reshape(-1, 2) if entries else np.zeros((0, 2), np.int64)


def shard_name(name: str, shard: int, shards: int) -> str:
    """File name of one shard of a corpus."""
    return f"{name}-{shard:05d}-of-{shards:05d}.tfrecord"


def cannot_write(path: epath.PathLike, error: OSError) -> UserError:
    """The error for a path that cannot be written, with its cause and the remedy."""
    try:
        with explain_write_errors(path):
            raise error
    except UserError as explained:
        return explained
    except OSError:
        return UserError(f"cannot write to {path}: {cause_of(error)}; choose another path")
