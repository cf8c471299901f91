"""Finds where the structure of a file ends, by the sizes that its elements declare: a file cut off is shorter.

One function a container, here and in `production_extent` and `stream_extent`. Each returns the number of bytes that the
structure needs, at most those of the file if it is whole; 0 where the format does not show it (streams of unknown
length, broadcasts).
"""

import struct
from collections.abc import Callable
from mmap import mmap
from typing import NamedTuple

from timesuite_jax.media.matroska_extent import matroska_extent, matroska_shows_its_end
from timesuite_jax.media.mp4_extent import BOXES, mp4_extent, mp4_shows_its_end
from timesuite_jax.media.nut_extent import NUT_START, nut_shows_its_end
from timesuite_jax.media.production_extent import dv_extent, is_dv, mxf_extent, mxf_shows_its_end, y4m_extent
from timesuite_jax.media.stream_extent import (
    PACK_START,
    PNG_SIGNATURE,
    jpeg_extent,
    png_extent,
    program_stream_extent,
    program_stream_shows_its_end,
)

_ASF_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")


def declared_extent(data: bytes | mmap) -> int:
    """Returns the number of bytes that a file's structure needs, 0 if its format does not show it.

    Args:
      data: content of the file, or a memory map of it.
    """
    found = _format(data)
    if found is None:
        return 0
    try:
        return found.extent(data)
    except (struct.error, IndexError):  # cut off within a number
        return len(data) + 1


def shows_its_end(data: bytes | mmap) -> bool:
    """Returns whether the structure of a file shows that it is whole.

    Args:
      data: content of the file that is not shorter than `declared_extent`, or a memory map of it.
    """
    found = _format(data)
    return found is not None and found.shows_its_end(data)


def _format(data: bytes | mmap) -> "_Format | None":
    head = bytes(data[:25])
    return next((one for one in _FORMATS if one.matches(head)), None)


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
    """Pages of Ogg (RFC 3533, section 6), and one more unless the last of each stream is marked as its last."""
    position = extent = 0
    ended: dict[bytes, bool] = {}  # streams by serial number
    while bytes(data[position : position + 4]) == b"OggS":
        lacing = bytes(data[position + 27 : position + 27 + data[position + 26]]) if position + 27 <= len(data) else b""
        ended[bytes(data[position + 14 : position + 18])] = bool(data[position + 5] & 4)
        position += 27 + len(lacing) + sum(lacing)
        extent = position
    return extent if all(ended.values()) else max(extent, len(data) + 27)


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


def _always(data: bytes | mmap) -> bool:
    return True


def _never(data: bytes | mmap) -> bool:
    return False


class _Format(NamedTuple):
    """A format: whether a file of these first bytes is of it, what its structure needs, whether it shows its end."""

    matches: Callable[[bytes], bool]
    extent: Callable[..., int]
    shows_its_end: Callable[..., bool]


_FORMATS = (
    _Format(lambda head: head[4:8] in BOXES, mp4_extent, mp4_shows_its_end),
    _Format(lambda head: head.startswith(b"\x1a\x45\xdf\xa3"), matroska_extent, matroska_shows_its_end),
    _Format(lambda head: head[:4] == b"RIFF" and head[8:12] == b"AVI ", _riff, lambda data: _riff(data) > 0),
    _Format(lambda head: head.startswith(bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")), _asf, _always),
    _Format(lambda head: head.startswith(b"OggS"), _ogg, _always),
    _Format(lambda head: head.startswith(b"FLV"), _flv, _never),
    _Format(lambda head: head[:6] in (b"GIF87a", b"GIF89a"), _gif, lambda data: data[len(data) - 1] == 0x3B),
    _Format(lambda head: head.startswith(b"DKIF"), _ivf, _never),
    _Format(lambda head: head.startswith(PNG_SIGNATURE), png_extent, _always),
    _Format(lambda head: head.startswith(b"\xff\xd8\xff"), jpeg_extent, _never),
    _Format(lambda head: head.startswith(PACK_START), program_stream_extent, program_stream_shows_its_end),
    _Format(lambda head: head.startswith(b"YUV4MPEG2 "), y4m_extent, _never),
    _Format(lambda head: head.startswith(bytes.fromhex("060e2b34")), mxf_extent, mxf_shows_its_end),
    _Format(is_dv, dv_extent, _never),
    _Format(lambda head: head.startswith(NUT_START), lambda data: 0, nut_shows_its_end),
)
