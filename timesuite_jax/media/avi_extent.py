"""Finds where AVI ends (Microsoft's RIFF, OpenDML). See `container_extent`."""

import struct
from collections.abc import Iterator
from mmap import mmap

_UNKNOWN_LENGTHS = (0, 0xFFFFFFFF)  # never filled in by the recorder


def is_avi(head: bytes) -> bool:
    """Whether a file of these first bytes is AVI."""
    return head[:4] == b"RIFF" and head[8:12] == b"AVI "


def avi_extent(data: bytes | mmap) -> int:
    """Returns the end of the last list of pictures; what follows it, an index, can be missing."""
    position = extent = 0
    while position + 12 <= len(data) and bytes(data[position : position + 4]) == b"RIFF":
        (size,) = struct.unpack("<I", data[position + 4 : position + 8])
        end = inner = position + 8 + size
        for kind, start, inner in _chunks(data, position + 12, end):
            if kind == b"LIST" and bytes(data[start + 8 : start + 12]) == b"movi":
                if inner - start - 8 in _UNKNOWN_LENGTHS:
                    return 0
                extent = inner
        if extent <= position and inner > len(data):  # cut off before the pictures
            extent = inner
        position = end + size % 2
    return extent


def avi_lost_in_zeros(data: bytes | mmap, start: int) -> bool:
    """Whether a chunk of a list of pictures begins behind `start`, from where on all is zeros."""
    position = 0
    while position + 12 <= start and bytes(data[position : position + 4]) == b"RIFF":
        (size,) = struct.unpack("<I", data[position + 4 : position + 8])
        pictures = False
        end = len(data) if size in _UNKNOWN_LENGTHS else position + 8 + size
        for kind, at, stop in _chunks(data, position + 12, end):
            name = bytes(data[at + 8 : at + 12])
            if kind != b"LIST" or name != b"movi":
                continue
            pictures = True
            if stop - at - 8 in _UNKNOWN_LENGTHS:
                stop = len(data)
            if stop > start and _blank_chunk(data, at + 12, stop, start):
                return True
        if not pictures:
            return True
        position = end + size % 2
    return position == 0


def _blank_chunk(data: bytes | mmap, position: int, end: int, start: int) -> bool:
    while position + 8 <= min(end, len(data)):
        kind, length = struct.unpack("<4sI", data[position : position + 8])
        if 0 in kind:
            return position + 8 > start
        position += 12 if kind == b"LIST" else 8 + length + length % 2  # lists of the chunks of an instant are entered
    return False


def _chunks(data: bytes | mmap, position: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yields kind, start and end of the chunks of a list; the last may end after the file."""
    while position + 12 <= min(end, len(data)):
        kind, length = struct.unpack("<4sI", data[position : position + 8])
        yield kind, position, position + 8 + length
        position += 8 + length + length % 2
