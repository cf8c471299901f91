"""Finds where mp4, mov and 3gp end (ISO/IEC 14496-12). See `container_extent`."""

from mmap import mmap

from timesuite_jax.media.mp4_boxes import Box, children, find, is_fragmented, top_boxes
from timesuite_jax.media.mp4_fragments import fragment_end, read_index
from timesuite_jax.media.zero_tail import PADDING

_HEADERS = frozenset(b"moov moof meta".split())  # of videos, fragments and pictures
_ENTERED = frozenset(b"moov trak mdia minf stbl".split())
# Tables of samples: how many bytes of zeros at their ends are no entries (none of a place 0, or of twice nothing), and
# the size of their content without any entry.
_TABLES = {b"stco": (4, 8), b"co64": (4, 8), b"stsc": (4, 8), b"stsz": (8, 12), b"stz2": (8, 12), b"stts": (8, 8)}


def mp4_extent(data: bytes | mmap) -> int:
    """Returns the end of the last box, or of the samples of the last fragment, or of those that an index lists.

    Samples without any header need one more box.
    """
    end = 0
    boxes = top_boxes(data)
    if find(boxes, b"mdat") and not any(box.kind in _HEADERS for box in boxes):
        end = len(data) + 8
    for box in boxes:
        end = max(end, box.stop)
        if box.kind == b"sidx":
            end = max(end, read_index(data, box).end)
        elif box.kind == b"moof" and box.stop <= len(data):
            end = max(end, fragment_end(data, box))
    return end


def mp4_lists_frames(data: bytes | mmap) -> bool:
    """Whether the header is whole and lists the frames of the whole file."""
    boxes = top_boxes(data)
    headers = find(boxes, b"moov")
    return bool(headers) and all(box.stop <= len(data) for box in headers) and not is_fragmented(data, boxes)


def mp4_shows_its_end(data: bytes | mmap) -> bool:
    """Whether the header lists the frames of the whole file, or an index all its fragments, or one closes it (`mfra`).

    An index for each segment does not: nothing shows how many segments there are.
    """
    if mp4_lists_frames(data):
        return True
    boxes = top_boxes(data)
    kinds = [box.kind for box in boxes]
    if not boxes or boxes[-1].stop < len(data) or b"moof" not in kinds:
        return False
    return kinds[-1] == b"mfra" or _index_covers(data, boxes)


def _index_covers(data: bytes | mmap, boxes: list[Box]) -> bool:
    """Whether an index before the first segment lists several parts, up to the end of the last samples.

    One of a single part may be that of the first segment alone.
    """
    end = max((box.stop for box in find(boxes, b"mdat")), default=0)
    for box in boxes[1:]:
        if box.kind in (b"styp", b"moof"):
            break
        if box.kind == b"sidx":
            index = read_index(data, box)
            if index.parts > 1 and index.end >= end:
                return True
    return False


def mp4_lost_in_zeros(data: bytes | mmap, start: int) -> bool:
    """Whether a part of the header, or fragments, or what they list may be missing behind `start`: the rest is zeros.

    Frames themselves are not considered.
    """
    boxes = top_boxes(data)
    if not any(box.kind in _HEADERS for box in boxes) or boxes[-1].kind == b"moof":
        return True
    if any(_is_blank(data, box, start) for box in find(boxes, b"moov")):
        return True
    end = boxes[-1].stop
    listed = not is_fragmented(data, boxes) or boxes[-1].kind == b"mfra"
    return not listed and start <= end + 8 and end <= len(data) - PADDING


def _is_blank(data: bytes | mmap, box: Box, start: int) -> bool:
    """Whether a header, or a box within it, has no content where the zeros begin."""
    if box.stop <= start:
        return False
    if box.kind in _TABLES:
        zeros, empty = _TABLES[box.kind]
        return box.stop - zeros >= start and box.stop - box.content > empty
    if 0 in box.kind:
        return True
    if box.kind not in _ENTERED:
        return False
    end = box.content
    for child in children(data, box):
        if _is_blank(data, child, start):
            return True
        end = child.stop
    return box.stop - end >= PADDING
