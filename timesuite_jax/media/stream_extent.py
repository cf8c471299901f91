"""Finds where streams of pictures and packets end, as far as they show it. See `container_extent`."""

import re
import struct
from mmap import mmap

from timesuite_jax.media.zero_tail import PADDING

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PACK_START = b"\x00\x00\x01\xba"
STUFFING = 64  # zeros at the end of video without a container that may be stuffing
_PROGRAM_END = b"\x00\x00\x01\xb9"
_PACK = re.compile(rb"\x00\x00\x01\xba[\x20-\x2f\x44-\x7f]")  # ISO/IEC 11172-1 and 13818-1, 2.5.3.3
_VIDEO_PACKETS = range(0xE0, 0xF0)
_TAIL = 1 << 18  # bytes; packs have at most 64 KiB
_JPEG_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")  # neither a stuffed byte nor a restart
_JPEG_START, _JPEG_END = 0xD8, 0xD9


def is_video_stream(head: bytes) -> bool:
    """Whether a file of these first bytes is a stream of MPEG video without a container, such as H.264."""
    return head.lstrip(b"\0").startswith(b"\1") and head[:2] == b"\0\0" and not head.startswith(PACK_START)


def png_extent(data: bytes | mmap) -> int:
    """Returns the end of the last chunk of PNG and APNG, of which IEND is the last."""
    position, kind = len(PNG_SIGNATURE), b""
    while position + 8 <= len(data) and kind != b"IEND":
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        position += 12 + length
    return position if kind == b"IEND" else position + 12


def jpeg_extent(data: bytes | mmap) -> int:
    """Returns the end of the last of consecutive JPEG pictures (ISO/IEC 10918-1, annex B); 0 if they have no ends."""
    position = 0
    while bytes(data[position : position + 2]) == b"\xff\xd8":
        position += 2
        while (marker := _JPEG_MARKER.search(data, position)) is not None:
            position = marker.end()
            if marker[0][-1] == _JPEG_END:
                break
            if marker[0][-1] == _JPEG_START:
                return 0
            if marker[0][-1] != 0x01:  # that has no segment
                (length,) = struct.unpack(">H", data[position : position + 2])
                position += length
                if position > len(data):
                    return position
        else:
            return len(data) + 2
    return position


def program_stream_extent(data: bytes | mmap) -> int:
    """Returns the end of the last packet of an MPEG program stream; only its last packs are read."""
    return max(_last_packet(data, len(data))[1], 0)


def program_stream_lost_in_zeros(data: bytes | mmap, start: int) -> bool:
    """Whether an MPEG program stream that is zero from `start` to its end has no end code before, nor a whole packet.

    One of video is not whole if it ends in more zeros than stuffing; one of sound may contain silence.
    """
    kind, end = _last_packet(data, start)
    if end < 0:
        return len(data) - start >= PADDING
    if kind in _VIDEO_PACKETS and end - start >= STUFFING:
        return True
    return start <= end <= len(data) - PADDING and bytes(data[end - 4 : end]) != _PROGRAM_END


def _last_packet(data: bytes | mmap, start: int) -> tuple[int, int]:
    """Returns kind and end of the last packet that follows the last packs before `start`; -1 if they do not show it."""
    last = -1
    pack = _PACK.search(data, max(start - _TAIL, 0))
    if pack is None:
        return last, -1
    position = pack.start()
    while bytes(data[position : position + 3]) == b"\x00\x00\x01":
        kind = last = data[position + 3]
        if kind == 0xB9:  # end
            return kind, position + 4
        if kind == 0xBA:
            mpeg2 = data[position + 4] & 0x40
            position += 14 + (data[position + 13] & 7) if mpeg2 else 12
        elif kind > 0xBA:
            (length,) = struct.unpack(">H", data[position + 4 : position + 6])
            if length == 0:
                return kind, -1
            position += 6 + length
        else:
            return kind, -1
    return last, position


def program_stream_shows_its_end(data: bytes | mmap) -> bool:
    """Whether the last bytes of an MPEG program stream are its end code."""
    return bytes(data[len(data) - 4 :]) == _PROGRAM_END
