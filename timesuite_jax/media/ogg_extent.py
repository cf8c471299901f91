"""Finds where Ogg ends (RFC 3533). See `container_extent`."""

from collections.abc import Iterator
from mmap import mmap

_POLYNOMIAL = 0x04C11DB7  # of the checksum of a page, whose own bytes count as zeros
_CHECKSUM = slice(22, 26)


def ogg_extent(data: bytes | mmap) -> int:
    """Returns the end of the last page (section 6), and more unless the last of each stream is marked as its last."""
    extent = 0
    ended: dict[bytes, bool] = {}  # streams by serial number
    for position, end in _pages(data):
        extent = end
        ended[bytes(data[position + 14 : position + 18])] = bool(data[position + 5] & 4)
    return extent if all(ended.values()) else max(extent, len(data) + 27)


def ogg_lost_in_zeros(data: bytes | mmap, start: int) -> bool:
    """Whether the page in which the zeros begin does not have its checksum."""
    return any(
        end > start and _checksum(data[position:end]) != int.from_bytes(data[position:end][_CHECKSUM], "little")
        for position, end in _pages(data)
    )


def _pages(data: bytes | mmap) -> Iterator[tuple[int, int]]:
    """Yields start and end of each page; the last may end after the file."""
    position = 0
    while bytes(data[position : position + 4]) == b"OggS":
        lacing = bytes(data[position + 27 : position + 27 + data[position + 26]]) if position + 27 <= len(data) else b""
        end = position + 27 + len(lacing) + sum(lacing)
        yield position, end
        position = end


def _checksum(page: bytes) -> int:
    value = 0
    for byte in page[: _CHECKSUM.start] + bytes(4) + page[_CHECKSUM.stop :]:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (_POLYNOMIAL if value & 0x80000000 else 0)) & 0xFFFFFFFF
    return value
