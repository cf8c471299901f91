"""Finds where Matroska and WebM end (RFC 8794, 9559). See `container_extent`."""

from mmap import mmap

_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675


def matroska_extent(data: bytes | mmap) -> int:
    """Returns the end of the last element; a segment or cluster of unknown size is entered."""
    position = 0
    while position < len(data):
        identifier, start = _number(data, position, keep_marker=True)
        size, start = _number(data, start, keep_marker=False)
        if identifier is None or size is None:
            return start
        if size < 0 and identifier not in (_SEGMENT, _CLUSTER):
            return 0
        position = start if size < 0 else start + size
        if identifier == _SEGMENT and size >= 0:
            break
    return position


def _number(data: bytes | mmap, position: int, *, keep_marker: bool) -> tuple[int | None, int]:
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


def matroska_shows_its_end(data: bytes | mmap) -> bool:
    """Whether the segment has a size; recordings of live streams have none."""
    _, start = _number(data, 0, keep_marker=True)
    size, start = _number(data, start, keep_marker=False)
    identifier, start = _number(data, start + (size or 0), keep_marker=True)
    size, _ = _number(data, start, keep_marker=False)
    return identifier == _SEGMENT and size is not None and size >= 0
