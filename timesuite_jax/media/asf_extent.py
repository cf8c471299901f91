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
    """Whether a packet of the data object, or a payload of the last one, begins behind `start`: the rest is zeros."""
    (header,) = struct.unpack("<Q", data[16:24])
    properties = data.find(_FILE_PROPERTIES, 0, header)
    end = asf_extent(data)
    if properties < 0:
        return start <= header
    at = properties + _PACKET_SIZE
    packet = end - int.from_bytes(data[at : at + 4], "little")
    return end > start and (packet >= start or _payload_starts_behind(data, packet, start))


def _payload_starts_behind(data: bytes | mmap, packet: int, start: int) -> bool:
    """Whether a payload of a data packet starts behind a position (ASF specification, 5.2)."""
    at = packet + (1 + (data[packet] & 0x0F) if data[packet] & 0x80 else 0)  # data for error correction
    lengths, properties = data[at], data[at + 1]
    at += 2 + sum(_width(lengths, bit) for bit in (5, 1, 3)) + 6  # sizes of packet and padding, times
    if not lengths & 1:
        return at >= start
    count, size_width = data[at] & 0x3F, _width(data[at], 6)
    at += 1
    for _ in range(count):
        if at >= start:
            return True
        at += 1 + _width(properties, 4) + _width(properties, 2)  # stream, number of the frame, place in it
        for width in (_width(properties, 0), size_width):
            at += width + int.from_bytes(data[at : at + width], "little")
    return False


def _width(flags: int, bit: int) -> int:
    """Returns the bytes of an optional field: two bits of flags are 0, 1, 2 or 3 for 0, 1, 2 or 4 bytes."""
    return (0, 1, 2, 4)[flags >> bit & 3]
