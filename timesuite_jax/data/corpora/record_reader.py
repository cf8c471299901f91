"""Reads records of a corpus: with the media that another record stores, or without any media.

A corpus stores a video once, in the first of its records; the others refer to that record. Annotations are read without
the media, a few kB of a record instead of megabytes, so that all questions of a corpus can be listed.
"""

import dataclasses
from collections.abc import Iterable, Iterator

from timesuite_jax.counted import counted
from timesuite_jax.data.corpora.record import CHECKSUM_FEATURE, MEDIA_FEATURES, Record, decode_record, is_checked
from timesuite_jax.data.corpora.tfrecord import TFRecordSource
from timesuite_jax.errors import UserError

_MEDIA = tuple(name.encode() for name in MEDIA_FEATURES)
_BLOCK = 4096  # bytes read at a time between media
_LENGTH_DELIMITED = 2  # wire type of strings and messages; all fields of `tf.train.Example` on the way have it


def read_record(source: TFRecordSource, number: int) -> Record:
    """Reads a record and its media, wherever they are stored.

    Args:
      source: all shards of a corpus.
      number: of the record in the corpus.

    Raises:
      UserError: its bytes, or those of the record with its media, are damaged.
    """
    record = decode_record(source[number], _place(source, number), number=number)
    if record.media_record is None:
        return record
    if not 0 <= record.media_record < len(source):
        raise UserError(
            f"{_place(source, number)} refers to the video of record {record.media_record}, and the corpus has "
            f"{counted(len(source), 'record')}; build it again"
        )
    stored_in = record.media_record
    media = decode_record(source[stored_in], _place(source, stored_in), number=stored_in)
    if media.media_record is not None:
        raise UserError(f"{_place(source, number)} refers to a record without a video; build the corpus again")
    return dataclasses.replace(
        record, video=media.video, frames=media.frames, frame_times=media.frame_times, media_record=None
    )


def read_without_media(source: TFRecordSource, number: int) -> Record:
    """Reads a record without its media: `media_record` is the number of the record that stores them.

    The checksum of what is read is verified, not that of the media. Records of schemas before 3 do not have it.

    Raises:
      UserError: the bytes are not a record, or differ from what was written.
    """
    where = _place(source, number)
    damaged = UserError(f"{where} is damaged; `timesuite data check` lists all damaged records")
    try:
        entries = dict(_without_media(source, number))
    except ValueError as error:
        raise damaged from error
    checksum = entries.pop(CHECKSUM_FEATURE.encode(), None)
    data = _example(entries.values())
    if not is_checked(data, None if checksum is None else _example([checksum])):
        raise damaged
    return decode_record(data, where, number=number, without_media=True)


def _example(entries: Iterable[bytes]) -> bytes:
    """Serialises a `tf.train.Example`: a field 1, `Example.features`, that contains the entries."""
    parts = b"".join(entries)
    return b"\x0a" + _varint(len(parts)) + parts


def _place(source: TFRecordSource, number: int) -> str:
    shard, record = source.locate(number)
    return f"{source.paths[shard]}: record {record}"


def _without_media(source: TFRecordSource, number: int) -> Iterator[tuple[bytes, bytes]]:
    """Yields keys and serialised map entries of `Example.features.feature` except media.

    Raises:
      ValueError: the bytes are not those of a `tf.train.Example`.
    """
    payload = _Payload(source, number)
    _, at = _field(payload, 0)
    while at < len(payload):
        end, begin = _field(payload, at)
        key_end, key_begin = _field(payload, begin)
        if key_end > end:
            raise ValueError("a key is longer than its entry")
        if (key := payload.read(key_begin, key_end)) not in _MEDIA:
            yield key, payload.read(at, end)
        at = end


def _field(payload: "_Payload", at: int) -> tuple[int, int]:
    """Returns where the field at `at` ends and where its content begins.

    Raises:
      ValueError: it is not field 1 of a message, or is longer than the payload.
    """
    header = payload.read(at, min(at + 11, len(payload)))
    if not header or header[0] != 1 << 3 | _LENGTH_DELIMITED:
        raise ValueError("not a tf.train.Example")
    length, shift = 0, 0
    for size, byte in enumerate(header[1:], 2):
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            if at + size + length > len(payload):
                raise ValueError("a field is longer than its record")
            return at + size + length, at + size
    raise ValueError("a length is not complete")


def _varint(value: int) -> bytes:
    """Encodes a length as protocol buffers do: 7 bits a byte, lowest first."""
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    return bytes([*encoded, value])


class _Payload:
    """Bytes of one record, read in blocks where they are needed."""

    def __init__(self, source: TFRecordSource, number: int) -> None:
        self._source, self._number, self._length = source, number, source.payload_length(number)
        self._start, self._block = 0, b""

    def __len__(self) -> int:
        return self._length

    def read(self, start: int, end: int) -> bytes:
        """Returns the bytes from `start` to `end`."""
        if not self._start <= start <= end <= self._start + len(self._block):
            size = min(max(end - start, _BLOCK), self._length - start)
            self._start, self._block = start, self._source.read_part(self._number, start, size)
        return self._block[start - self._start : end - self._start]
