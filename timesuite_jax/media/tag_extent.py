"""Finds where FLV, GIF and IVF end, whose parts state their own sizes only. See `container_extent`."""

import struct
from mmap import mmap

FLV_START, IVF_START = b"FLV\x01", b"DKIF"


def flv_extent(data: bytes | mmap) -> int:
    """Returns the end of the last tag of FLV; the size after it may be absent."""
    (position,) = struct.unpack(">I", data[5:9])
    while position + 4 < len(data):
        if data[position + 4] & 0x1F not in (8, 9, 18):  # audio, video, script
            break
        position += 15 + int.from_bytes(data[position + 5 : position + 8])
    return position


def gif_extent(data: bytes | mmap) -> int:
    """Returns the end of the last block of GIF; the trailer after it may be absent."""
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


def gif_shows_its_end(data: bytes | mmap) -> bool:
    """Whether the last byte of a GIF is its trailer."""
    return data[len(data) - 1] == 0x3B


def _gif_colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def ivf_extent(data: bytes | mmap) -> int:
    """Returns the end of the last frame of IVF, each behind its size and its time, of which only the first is 0.

    Another file may follow, whose first bytes are no size.
    """
    position = int.from_bytes(data[6:8], "little")
    while position < len(data) and any(data[position : position + 12]) and data[position : position + 4] != IVF_START:
        position += 12 + int.from_bytes(data[position : position + 4], "little")
    return position
