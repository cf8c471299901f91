"""Recognises whole NUT files (FFmpeg's nut.txt). See `container_extent`."""

import struct
from mmap import mmap

NUT_START = b"nut/multimedia container\x00"
_INDEX = bytes.fromhex("4e58dd672f23e64e")  # start code
_AFTER_POINTER = 4  # bytes of the checksum


def nut_shows_its_end(data: bytes | mmap) -> bool:
    """Whether the file ends with an index, whose last field is the distance to its beginning."""
    at = len(data) - _AFTER_POINTER - 8
    (distance,) = struct.unpack(">Q", data[at : at + 8])
    return distance <= len(data) and bytes(data[len(data) - distance :][:8]) == _INDEX
