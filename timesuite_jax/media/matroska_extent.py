"""Finds where Matroska and WebM end (RFC 8794, 9559). See `container_extent`."""

from mmap import mmap

from timesuite_jax.media.zero_tail import PADDING

_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675


def is_matroska(head: bytes) -> bool:
    """Whether a file of these first bytes is in EBML, as Matroska and WebM are."""
    return head.startswith(b"\x1a\x45\xdf\xa3")


def matroska_extent(data: bytes | mmap) -> int:
    """Returns the end of the last element; a segment or cluster of unknown size is entered."""
    position = 0
    while position < len(data):
        identifier, start = _number(data, position, keep_marker=True)
        if identifier is None:
            return start
        size, start = _number(data, start, keep_marker=False)
        if size is None:
            return start
        if size < 0 and identifier not in (_SEGMENT, _CLUSTER):
            return 0
        position = start if size < 0 else start + size
        if identifier == _SEGMENT and size >= 0:
            break
    return position


def _number(data: bytes | mmap, position: int, *, keep_marker: bool) -> tuple[int | None, int]:
    """Reads a number of variable length: (value, end), -1 for unknown.

    The value is None if the number is cut off, with the end that it would have, or if there is none at the position.
    """
    first = data[position] if position < len(data) else 0
    length = 9 - first.bit_length()
    if length > 8:
        return None, position + (position >= len(data))
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
    identifier, size, _ = _segment(data)
    return identifier == _SEGMENT and size is not None and size >= 0


def _segment(data: bytes | mmap) -> tuple[int | None, int | None, int]:
    """Returns identifier, size and start of the content of the second element of a file."""
    _, start = _number(data, 0, keep_marker=True)
    size, start = _number(data, start, keep_marker=False)
    identifier, start = _number(data, start + (size or 0), keep_marker=True)
    size, start = _number(data, start, keep_marker=False)
    return identifier, size, start


def matroska_lost_in_zeros(data: bytes | mmap, start: int) -> bool:
    """Whether an element begins behind `start`, from where on all is zeros, though the segment continues there."""
    identifier, size, position = _segment(data)
    if identifier != _SEGMENT or size is None:
        return position >= start
    end = position + size if size >= 0 else len(data) - PADDING
    while position < end:
        identifier, content = _number(data, position, keep_marker=True)
        size, content = (None, content) if identifier is None else _number(data, content, keep_marker=False)
        if size is None:
            return content >= start
        enters = size < 0 or (identifier == _CLUSTER and content + size > start)  # the only cluster to look into
        position = content if enters else content + size
    return False
