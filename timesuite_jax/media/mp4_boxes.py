"""Reads the boxes of mp4, mov and 3gp (ISO/IEC 14496-12, 4.2)."""

import struct
from collections.abc import Iterator
from mmap import mmap
from typing import NamedTuple

BOXES = frozenset(
    b"ftyp moov moof mdat free skip wide styp sidx ssix mfra uuid meta pdin emsg prft pnot junk udta".split()
)
_PRINTABLE = frozenset(range(0x20, 0x7F)) | {0xA9}  # the copyright sign begins names of QuickTime


class Box(NamedTuple):
    """A box: its kind, where it, its content and what follows it start."""

    kind: bytes
    start: int
    content: int
    stop: int


def top_boxes(data: bytes | mmap) -> list[Box]:
    """Returns the boxes at the top level of a file, in order, up to the first bytes that are none.

    The last may end after the file, unless its kind is unknown: that could be other data.
    """
    boxes = []
    for box in _boxes(data, 0, len(data)):
        if box.kind not in BOXES and not (_PRINTABLE.issuperset(box.kind) and box.stop <= len(data)):
            break
        boxes.append(box)
    return boxes


def children(data: bytes | mmap, parent: Box) -> Iterator[Box]:
    """Yields the boxes within a box that consists of boxes, up to the first bytes that are none."""
    return _boxes(data, parent.content, parent.stop)


def find(boxes: list[Box], kind: bytes) -> list[Box]:
    """Returns the boxes of a kind."""
    return [box for box in boxes if box.kind == kind]


def is_fragmented(data: bytes | mmap, boxes: list[Box]) -> bool:
    """Whether frames are, or may be, in fragments of the file, which its header does not list.

    Args:
      data: content of the file.
      boxes: at its top level.
    """
    return any(
        box.kind == b"moof" or (box.kind == b"moov" and any(child.kind == b"mvex" for child in children(data, box)))
        for box in boxes
    )


def mp4_files(data: bytes | mmap, fragmented: bool) -> int:
    """Returns the number of files that were appended to each other, each with its type and a list of its frames.

    A second list alone is a remnant of one that was moved to the front.

    Args:
      data: content of the file.
      fragmented: whether files with fragments count; demuxers read these through, but may discard the first ones.
    """
    boxes = top_boxes(data)
    counted = fragmented or not is_fragmented(data, boxes)
    return min(len(find(boxes, b"ftyp")), len(find(boxes, b"moov"))) if counted else 1


def _boxes(data: bytes | mmap, position: int, end: int) -> Iterator[Box]:
    while position + 8 <= min(end, len(data)):
        size, kind = struct.unpack(">I4s", data[position : position + 8])
        content = position + 8
        if size == 1 and position + 16 <= len(data):
            (size,) = struct.unpack(">Q", data[position + 8 : position + 16])
            content = position + 16
        elif size == 0 and kind == b"mdat":  # to the end of the file
            size = len(data) - position
        if size < content - position:
            return
        yield Box(kind, position, content, position + size)
        position += size
