"""Finds where streams of pictures and packets end, as far as they show it. See `container_extent`."""

import re
import struct
from mmap import mmap

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PACK_START = b"\x00\x00\x01\xba"
_PROGRAM_END = b"\x00\x00\x01\xb9"
_PACK = re.compile(rb"\x00\x00\x01\xba[\x20-\x2f\x44-\x7f]")  # ISO/IEC 11172-1 and 13818-1, 2.5.3.3
_TAIL = 1 << 18  # bytes; packs have at most 64 KiB
_JPEG_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")  # neither a stuffed byte nor a restart
_JPEG_START, _JPEG_END = 0xD8, 0xD9
_SYNC = 0x47
_TRANSPORT_PACKETS = ((188, 0), (192, 4), (204, 0))  # bytes of a packet, and before its first: ISO/IEC 13818-1, Blu-ray


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
    pack = _PACK.search(data, max(len(data) - _TAIL, 0))
    if pack is None:
        return 0
    position = pack.start()
    while bytes(data[position : position + 3]) == b"\x00\x00\x01":
        kind = data[position + 3]
        if kind == 0xB9:  # end
            return position + 4
        if kind == 0xBA:
            mpeg2 = data[position + 4] & 0x40
            position += 14 + (data[position + 13] & 7) if mpeg2 else 12
        elif kind > 0xBA:
            (length,) = struct.unpack(">H", data[position + 4 : position + 6])
            if length == 0:
                return 0
            position += 6 + length
        else:
            return 0
    return position


def program_stream_shows_its_end(data: bytes | mmap) -> bool:
    """Whether the last bytes of an MPEG program stream are its end code."""
    return bytes(data[len(data) - 4 :]) == _PROGRAM_END


def partial_transport_packet(data: bytes | mmap) -> int:
    """Returns the bytes after the last whole packet of a transport stream; 0 if there are none, or for other files."""
    for size, before in _TRANSPORT_PACKETS:
        starts = range(before, min(5 * size, len(data)), size)
        if len(starts) == 5 and all(data[start] == _SYNC for start in starts):
            return len(data) % size
    return 0
