"""Finds where the fragments of an mp4 end: by their own headers, and by an index (ISO/IEC 14496-12, 8.8, 8.16)."""

import struct
from mmap import mmap
from typing import NamedTuple

from timesuite_jax.media.mp4_boxes import Box, children

_BASE, _DESCRIPTION, _DURATION, _SIZE = 1, 2, 8, 16  # optional fields of a track fragment's header
_OFFSET, _FIRST_FLAGS, _SAMPLE_SIZE = 1, 4, 0x200  # optional fields of a track run
_SAMPLE_FIELDS = (0x100, _SAMPLE_SIZE, 0x400, 0x800)  # four bytes of each sample


def fragment_end(data: bytes | mmap, fragment: Box) -> int:
    """Returns the end of the samples of a movie fragment (8.8.4 to 8.8.8) whose sizes and place it has."""
    end = 0
    for track in children(data, fragment):
        if track.kind != b"traf":
            continue
        base, default = fragment.start, 0
        for name, _, at, _ in children(data, track):
            flags = int.from_bytes(data[at + 1 : at + 4])
            if name == b"tfhd":
                fields = at + 8
                if flags & _BASE:
                    base, fields = int.from_bytes(data[fields : fields + 8]), fields + 8
                fields += sum(4 for flag in (_DESCRIPTION, _DURATION) if flags & flag)
                default = int.from_bytes(data[fields : fields + 4]) if flags & _SIZE else 0
            elif name == b"trun" and flags & _OFFSET:
                count, offset = struct.unpack(">Ii", data[at + 4 : at + 12])
                first = at + 12 + (4 if flags & _FIRST_FLAGS else 0)
                end = max(end, base + offset + _run_size(data, first, count, flags, default))
    return end


def _run_size(data: bytes | mmap, first: int, count: int, flags: int, default: int) -> int:
    """Returns the bytes of the samples of a track run whose fields begin at `first`."""
    if not flags & _SAMPLE_SIZE:
        return count * default
    width = sum(4 for field in _SAMPLE_FIELDS if flags & field)
    first += 4 if flags & _SAMPLE_FIELDS[0] else 0
    return sum(int.from_bytes(data[at : at + 4]) for at in range(first, first + width * count, width))


class SegmentIndex(NamedTuple):
    """What a segment index lists: number of parts, and where the last of them ends."""

    parts: int
    end: int


def read_index(data: bytes | mmap, box: Box) -> SegmentIndex:
    """Reads a segment index (`sidx`, 8.16.3); one that the file does not contain whole lists nothing."""
    if box.stop > len(data):
        return SegmentIndex(0, box.stop)
    body = box.content  # version and flags, id, timescale, earliest time, offset, reserved, count
    offset, _, count = (
        struct.unpack(">Q2H", data[body + 20 : body + 32])
        if data[body]
        else struct.unpack(">I2H", data[body + 16 : body + 24])
    )
    first = body + (32 if data[body] else 24)
    sizes = (int.from_bytes(data[at : at + 4]) & 0x7FFFFFFF for at in range(first, first + 12 * count, 12))
    return SegmentIndex(count, box.stop + offset + sum(sizes))
