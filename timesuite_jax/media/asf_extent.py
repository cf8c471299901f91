"""Finds where ASF and WMV end (Microsoft's Advanced Systems Format). See `container_extent`."""

import struct
from mmap import mmap

ASF_START = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_PACKET_SIZE = 92  # where the file properties have it


def asf_extent(data: bytes | mmap) -> int:
    """Returns the end of the data object."""
    (position,) = struct.unpack("<Q", data[16:24])
    if bytes(data[position : position + 16]) != _DATA or position + 24 > len(data):
        return position + 24
    (size,) = struct.unpack("<Q", data[position + 16 : position + 24])
    return position + size


def asf_lost_in_zeros(data: bytes | mmap, start: int) -> bool:
    """Whether a packet of the data object begins behind `start`, from where on all is zeros."""
    (header,) = struct.unpack("<Q", data[16:24])
    properties = data.find(_FILE_PROPERTIES, 0, header)
    if properties < 0:
        return start <= header
    at = properties + _PACKET_SIZE
    return start + int.from_bytes(data[at : at + 4], "little") <= asf_extent(data)
