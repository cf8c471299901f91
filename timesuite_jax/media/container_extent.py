"""Finds where the structure of a file ends, by the sizes that its elements declare: a file cut off is shorter.

One function a container, here and in `production_extent` and `stream_extent`. Each returns the number of bytes that the
structure needs, at most those of the file if it is whole; 0 where the format does not show it (streams of unknown
length, broadcasts).
"""

import struct
from collections.abc import Callable
from mmap import mmap

from timesuite_jax.media.production_extent import dv_extent, is_dv, mxf_extent, y4m_extent
from timesuite_jax.media.stream_extent import (
    PACK_START,
    PNG_SIGNATURE,
    jpeg_extent,
    png_extent,
    program_stream_extent,
)

_EBML_SEGMENT, _EBML_CLUSTER = 0x18538067, 0x1F43B675
_ASF_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_ISO_BOXES = frozenset(b"ftyp moov moof mdat free skip wide styp sidx mfra uuid meta pdin emsg prft pnot".split())


def declared_extent(data: bytes | mmap) -> int:
    """Returns the number of bytes that a file's structure needs, 0 if its format does not show it.

    Args:
      data: content of the file, or a memory map of it.
    """
    head = bytes(data[:16])
    for matches, extent in _FORMATS:
        if matches(head):
            try:
                return extent(data)
            except (struct.error, IndexError):  # cut off within a number
                return len(data) + 1
    return 0


def _iso(data) -> int:
    """Boxes of mp4, mov, 3gp (ISO/IEC 14496-12, 4.2)."""
    position = extent = referenced = 0
    while position + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[position : position + 8])
        if size == 1 and position + 16 <= len(data):
            (size,) = struct.unpack(">Q", data[position + 8 : position + 16])
        if size < 8 or kind not in _ISO_BOXES:  # 0: to the end of the file; the rest: no box
            break
        if kind == b"sidx":
            referenced = max(referenced, _indexed_end(data, position, size))
        position += size
        extent = position
    return max(extent, referenced)


def _indexed_end(data, position: int, size: int) -> int:
    """Returns the end of the fragments that a segment index (ISO/IEC 14496-12, 8.16.3) lists."""
    end = position + size
    if end > len(data):
        return end
    body = position + 8  # after size and type: version and flags, id, timescale, earliest time, offset, reserved, count
    offset, _, count = (
        struct.unpack(">Q2H", data[body + 20 : body + 32])
        if data[body]
        else struct.unpack(">I2H", data[body + 16 : body + 24])
    )
    first = body + (32 if data[body] else 24)
    sizes = (int.from_bytes(data[at : at + 4]) & 0x7FFFFFFF for at in range(first, first + 12 * count, 12))
    return end + offset + sum(sizes)


def _ebml(data) -> int:
    """Elements of Matroska and WebM (RFC 8794); a segment or cluster of unknown size is entered."""
    position = 0
    while position < len(data):
        identifier, start = _ebml_number(data, position, keep_marker=True)
        size, start = _ebml_number(data, start, keep_marker=False)
        if identifier is None or size is None:
            return start
        if size < 0 and identifier not in (_EBML_SEGMENT, _EBML_CLUSTER):
            return 0
        position = start if size < 0 else start + size
        if identifier == _EBML_SEGMENT and size >= 0:
            break
    return position


def _ebml_number(data, position: int, *, keep_marker: bool) -> tuple[int | None, int]:
    """Reads a number of variable length: (value, end), -1 for unknown, None if it is cut off or no number."""
    first = data[position] if position < len(data) else 0
    length = 9 - first.bit_length()
    if length > 8:
        return None, position + 1 if position >= len(data) else 0
    raw = bytes(data[position : position + length])
    if len(raw) < length:
        return None, position + length
    value = int.from_bytes(raw)
    if keep_marker:
        return value, position + length
    value &= (1 << 7 * length) - 1
    return (-1 if value == (1 << 7 * length) - 1 else value), position + length


def _riff(data) -> int:
    """Lists of AVI: the end of the last list of pictures; what follows it, an index, can be missing."""
    position = extent = 0
    while position + 12 <= len(data) and bytes(data[position : position + 4]) == b"RIFF":
        (size,) = struct.unpack("<I", data[position + 4 : position + 8])
        inner, end = position + 12, position + 8 + size
        while inner + 12 <= min(end, len(data)):
            kind, length, name = struct.unpack("<4sI4s", data[inner : inner + 12])
            if kind == b"LIST" and name == b"movi":
                if length in (0, 0xFFFFFFFF):  # never filled in by the recorder
                    return 0
                extent = inner + 8 + length
            inner += 8 + length + length % 2
        if extent <= position and inner > len(data):  # cut off before the pictures
            extent = inner
        position = end + size % 2
    return extent


def _asf(data) -> int:
    """Objects of ASF and WMV: the end of the data object."""
    (position,) = struct.unpack("<Q", data[16:24])
    if bytes(data[position : position + 16]) != _ASF_DATA or position + 24 > len(data):
        return position + 24
    (size,) = struct.unpack("<Q", data[position + 16 : position + 24])
    return position + size


def _ogg(data) -> int:
    """Pages of Ogg (RFC 3533, section 6)."""
    position = extent = 0
    while bytes(data[position : position + 4]) == b"OggS":
        lacing = bytes(data[position + 27 : position + 27 + data[position + 26]]) if position + 27 <= len(data) else b""
        position += 27 + len(lacing) + sum(lacing)
        extent = position
    return extent


def _flv(data) -> int:
    """Tags of FLV; the size after the last one may be absent."""
    (position,) = struct.unpack(">I", data[5:9])
    while position + 4 < len(data):
        if data[position + 4] & 0x1F not in (8, 9, 18):  # audio, video, script
            break
        position += 15 + int.from_bytes(data[position + 5 : position + 8])
    return position


def _gif(data) -> int:
    """Blocks of GIF; the trailer after the last one may be absent."""
    if len(data) < 13:
        return 13
    position = 13 + _gif_colours(data[10])
    while position < len(data) and data[position] in b"\x21\x2c":
        if data[position] == 0x2C:
            if position + 10 > len(data):
                return position + 10
            position += 11 + _gif_colours(data[position + 9])
        else:
            position += 2
        while position < len(data) and data[position]:
            position += 1 + data[position]
        position += 1
    return position


def _gif_colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _ivf(data) -> int:
    """Frames of IVF, each behind its size."""
    position = int.from_bytes(data[6:8], "little")
    while position < len(data):
        position += 12 + int.from_bytes(data[position : position + 4], "little")
    return position


_FORMATS: tuple[tuple[Callable[[bytes], bool], Callable[..., int]], ...] = (
    (lambda head: head[4:8] in _ISO_BOXES, _iso),
    (lambda head: head.startswith(b"\x1a\x45\xdf\xa3"), _ebml),
    (lambda head: head[:4] == b"RIFF" and head[8:12] == b"AVI ", _riff),
    (lambda head: head.startswith(bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")), _asf),
    (lambda head: head.startswith(b"OggS"), _ogg),
    (lambda head: head.startswith(b"FLV"), _flv),
    (lambda head: head[:6] in (b"GIF87a", b"GIF89a"), _gif),
    (lambda head: head.startswith(b"DKIF"), _ivf),
    (lambda head: head.startswith(PNG_SIGNATURE), png_extent),
    (lambda head: head.startswith(b"\xff\xd8\xff"), jpeg_extent),
    (lambda head: head.startswith(PACK_START), program_stream_extent),
    (lambda head: head.startswith(b"YUV4MPEG2 "), y4m_extent),
    (lambda head: head.startswith(bytes.fromhex("060e2b34")), mxf_extent),
    (is_dv, dv_extent),
)
