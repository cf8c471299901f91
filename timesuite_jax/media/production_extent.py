"""Finds where production formats end: DV, MXF, raw video with headers (Y4M). See `container_extent`."""

import struct
from mmap import mmap

from timesuite_jax.media.zero_tail import PADDING

_DV_FRAME_BYTES = {0x04: 240_000, 0x14: 480_000, 0x18: 240_000}  # by signal type, of 525 lines; 6/5 of it for 625 lines
_Y4M_CHROMA = {"411": (4, 1), "420": (2, 2), "422": (2, 1), "444": (1, 1)}  # subsampling of columns and rows
_MXF_KEY = bytes.fromhex("060e2b34")
_MXF_PARTITION = bytes.fromhex("060e2b34020501010d01020101")
_MXF_FOOTER = 4
_MXF_HEADER = 20  # bytes of a key and a length


def is_dv(head: bytes) -> bool:
    """Whether a file starts with the header block of a DV frame (IEC 61834-2)."""
    return head[:3] == b"\x1f\x07\x00" and head[3:4] in (b"\x3f", b"\xbf")


def dv_extent(data: bytes | mmap) -> int:
    """Returns the end of the last DV frame; the signal type determines the size of all (SMPTE 314M, 370M)."""
    if len(data) < 452:
        return 452
    size = _dv_frame_bytes(data)
    return -(-len(data) // size) * size


def _dv_frame_bytes(data: bytes | mmap) -> int:
    size = _DV_FRAME_BYTES.get(data[451] & 0x1F, 120_000)  # in the VAUX source pack of the first frame
    return size * 6 // 5 if data[3] & 0x80 else size


def dv_lost_in_zeros(data: bytes | mmap, start: int) -> bool:
    """Whether the last DV frame is zeros from its first byte on."""
    return start <= len(data) - _dv_frame_bytes(data)


def y4m_extent(data: bytes | mmap) -> int:
    """Returns the end of the last frame of YUV4MPEG2; 0 if its frame size or colour space is unknown."""
    end = data.find(b"\n")
    if end < 0:
        return len(data) + 1
    words = bytes(data[:end]).decode("ascii", "replace").split()[1:]
    fields = {word[0]: word[1:] for word in words}
    if not (fields.get("W", "").isdecimal() and fields.get("H", "").isdecimal()):
        return 0
    size = _y4m_frame_bytes(int(fields["W"]), int(fields["H"]), fields.get("C", "420"))
    position = end + 1
    while size and position < len(data) and b"FRAME".startswith(data[position : position + 5]):
        end = data.find(b"\n", position)
        if end < 0:
            return len(data) + 1
        position = end + 1 + size
    return position if size else 0


def _y4m_frame_bytes(width: int, height: int, space: str) -> int:
    depth = space[4:] if space.startswith("mono") else space[3:].removeprefix("p")
    sample = 2 if depth.isdecimal() else 1
    if space.startswith("mono"):
        return width * height * sample
    if space[:3] not in _Y4M_CHROMA:
        return 0
    columns, rows = _Y4M_CHROMA[space[:3]]
    planes = width * height * (2 if space == "444alpha" else 1) + 2 * (-(-width // columns) * -(-height // rows))
    return planes * sample


def mxf_extent(data: bytes | mmap) -> int:
    """Returns the end of the last element of MXF (SMPTE 377-1), or of the footer that the header announces."""
    return max(_mxf_ends(data))


def mxf_shows_its_end(data: bytes | mmap) -> bool:
    """Whether a partition announces the footer."""
    return _mxf_ends(data)[1] > 0


def mxf_lost_in_zeros(data: bytes | mmap, start: int) -> bool:
    """Whether an element of MXF, or the footer, begins behind `start`, from where on all is zeros."""
    end, footer = _mxf_ends(data)
    return start <= end + _MXF_HEADER and end < (footer or len(data) - PADDING)


def _mxf_ends(data: bytes | mmap) -> tuple[int, int]:
    """Returns the end of the last element, and what a footer, if it is announced, needs; else 0."""
    position = footer = 0
    while position < len(data) and bytes(data[position : position + 4]) == _MXF_KEY[: len(data) - position]:
        first = data[position + 16]
        start = position + 17
        length = first
        if first & 0x80:
            count = first & 0x7F
            if start + count > len(data):
                return start + count, footer
            length, start = int.from_bytes(data[start : start + count]), start + count
        if bytes(data[position : position + 13]) == _MXF_PARTITION and data[position + 13] <= _MXF_FOOTER:
            (announced,) = struct.unpack(">Q", data[start + 24 : start + 32])
            footer = max(footer, announced + 17 if announced else 0)
        position = start + length
    return position, footer
