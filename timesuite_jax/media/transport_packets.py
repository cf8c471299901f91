"""Reads the packets of transport streams (ISO/IEC 13818-1), also where they are preceded by time codes (Blu-ray)."""

from collections.abc import Iterator
from mmap import mmap

import numpy as np
from jaxtyping import UInt8

_SYNC, _PACKET = 0x47, 188
_SIZES = ((_PACKET, 0), (192, 4), (204, 0))  # bytes of a packet, and before its first
_BLOCK = 1 << 12  # packets read at once


def partial_transport_packet(data: bytes | mmap) -> int:
    """Returns the bytes after the last whole packet of a transport stream; 0 if there are none, or for other files."""
    for size, before in _SIZES:
        if _is_transport_stream(data, size, before):
            return len(data) % size
    return 0


def transport_stream_lost_in_zeros(data: bytes | mmap, start: int) -> bool:
    """Whether the last whole packet of a transport stream is zeros from its first byte on."""
    for size, before in _SIZES:
        if _is_transport_stream(data, size, before):
            return (len(data) // size - 1) * size + before >= start
    return False


def transport_packets(data: bytes | mmap) -> Iterator[UInt8[np.ndarray, "packets 188"]]:
    """Yields the whole packets of a transport stream, many at a time.

    At the start and behind a gap, as where files that end within a packet were joined, five packets in a row are
    searched for.
    """
    size, at = next(
        ((size, at) for size, before in _SIZES for at in range(before, size) if _is_transport_stream(data, size, at)),
        (_PACKET, len(data)),
    )
    while at + _PACKET <= len(data):
        block = bytes(data[at : at + _BLOCK * size])
        rows = np.frombuffer(block + bytes(-len(block) % size), np.uint8).reshape(-1, size)
        lost = np.flatnonzero(rows[:, 0] != _SYNC)
        count = int(lost[0]) if len(lost) else len(rows)
        yield rows[: min(count, (len(block) + size - _PACKET) // size), :_PACKET]
        at += count * size
        if len(lost):
            at = _next_packet(data, at, size)


def _next_packet(data: bytes | mmap, at: int, size: int) -> int:
    sync = bytes([_SYNC])
    at = data.find(sync, at + 1)
    while at >= 0 and not _is_transport_stream(data, size, at):
        at = data.find(sync, at + 1)
    return at if at >= 0 else len(data)


def _is_transport_stream(data: bytes | mmap, size: int, before: int) -> bool:
    """Whether five packets of some size, from `before` on, start with the byte of synchronization."""
    starts = range(before, min(before + 5 * size, len(data)), size)
    return len(starts) == 5 and all(data[start] == _SYNC for start in starts)
