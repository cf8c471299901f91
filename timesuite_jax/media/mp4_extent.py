"""Finds where mp4, mov and 3gp end (ISO/IEC 14496-12). See `container_extent`."""

import struct
from collections.abc import Iterator
from mmap import mmap

BOXES = frozenset(b"ftyp moov moof mdat free skip wide styp sidx mfra uuid meta pdin emsg prft pnot".split())
_BASE, _DESCRIPTION, _DURATION, _SIZE = 1, 2, 8, 16  # optional fields of a track fragment's header
_OFFSET, _FIRST_FLAGS, _SAMPLE_SIZE = 1, 4, 0x200  # optional fields of a track run
_SAMPLE_FIELDS = (0x100, _SAMPLE_SIZE, 0x400, 0x800)  # four bytes of each sample


def mp4_extent(data: bytes | mmap) -> int:
    """Returns the end of the last box, or of the samples of the last fragment, or of those that an index lists."""
    end = 0
    for kind, start, stop in _boxes(data, 0, len(data)):
        end = max(end, stop)
        if kind == b"sidx":
            end = max(end, _indexed_end(data, start, stop))
        elif kind == b"moof" and stop <= len(data):
            end = max(end, _fragment_end(data, start, stop))
    return end


def mp4_shows_its_end(data: bytes | mmap) -> bool:
    """Whether the header lists the frames of the whole file, or an index its fragments, or one closes it (`mfra`)."""
    kinds = [kind for kind, *_ in _boxes(data, 0, len(data))]
    return b"moof" not in kinds or b"sidx" in kinds or kinds[-1] == b"mfra"


def _boxes(data: bytes | mmap, position: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yields kind, start and end of the boxes at the top level of a file; the last may end after it."""
    while position + 8 <= end:
        size, kind = struct.unpack(">I4s", data[position : position + 8])
        if size == 1 and position + 16 <= end:
            (size,) = struct.unpack(">Q", data[position + 8 : position + 16])
        if size < 8 or kind not in BOXES:  # 0: to the end of the file; the rest: no box
            return
        yield kind, position, position + size
        position += size


def _children(data: bytes | mmap, position: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yields kind, start of the content and end of the boxes within a box."""
    while position + 8 <= end:
        size, kind = struct.unpack(">I4s", data[position : position + 8])
        if size < 8:
            return
        yield kind, position + 8, position + size
        position += size


def _fragment_end(data: bytes | mmap, start: int, stop: int) -> int:
    """Returns the end of the samples of a movie fragment (8.8.4 to 8.8.8) whose sizes and place it has."""
    end = 0
    for kind, content, after in _children(data, start + 8, stop):
        if kind != b"traf":
            continue
        base, default = start, 0
        for name, at, _ in _children(data, content, after):
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


def _indexed_end(data: bytes | mmap, position: int, end: int) -> int:
    """Returns the end of the fragments that a segment index (ISO/IEC 14496-12, 8.16.3) lists."""
    if end > len(data):
        return end
    body = position + 8  # after size and type: version and flags, id, timescale, earliest time, offset, reserved, count
    offset, _, count = (
        struct.unpack(">Q2H", data[body + 20 : body + 32])
        if data[body]
        else struct.unpack(">I2H", data[body + 16 : body + 24])
    )
    first = body + (32 if data[body] else 24)
    sizes = (int.from_bytes(data[at : at + 4]) & 0x7FFFFFFF for at in range(first, first + 12 * count, 12))
    return end + offset + sum(sizes)
