"""Reads from the first bytes of packets what containers do not store, or store wrongly."""

from collections.abc import Callable
from typing import NamedTuple

import av.packet

_VOP_START = b"\x00\x00\x01\xb6"  # ISO/IEC 14496-2, 6.2.5; the two bits that follow are the coding type: I, P, B, S
_MAX_UNCODED_VOP = 15  # bytes; the header alone is shorter, with which a VOP without content ends


class PacketHeader(NamedTuple):
    """What a packet contains.

    Attributes:
      keyframe: decoding can start at it.
      displayed: it is no hidden reference frame.
      reordered: it is a B-frame, displayed before a frame that precedes it in decoding order.
      one_frame: it contains exactly one frame with content; neither two, nor a placeholder.
    """

    keyframe: bool
    displayed: bool
    reordered: bool
    one_frame: bool


def _vp8(packet: av.packet.Packet) -> PacketHeader:
    """RFC 6386, section 9.1."""
    first = memoryview(packet)[0]
    return PacketHeader(not first & 0x01, bool(first & 0x10), False, True)


def _mpeg4(packet: av.packet.Packet) -> PacketHeader:
    data = bytes(packet)
    start = data.find(_VOP_START)
    if start < 0 or len(data) - start <= _MAX_UNCODED_VOP or data.find(_VOP_START, start + 4) >= 0:
        return PacketHeader(False, True, False, False)
    coding_type = data[start + 4] >> 6
    return PacketHeader(coding_type == 0, True, coding_type == 2, True)


# Codecs of which containers mark keyframes wrongly, or whose packets are not always one frame each.
HEADER_READERS: dict[str, Callable[[av.packet.Packet], PacketHeader]] = {"vp8": _vp8, "mpeg4": _mpeg4}
