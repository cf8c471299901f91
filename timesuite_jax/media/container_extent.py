"""Finds where the structure of a file ends, by the sizes that its elements declare: a file cut off is shorter.

One function a container, most in modules of their own. Each returns the number of bytes that the structure needs, at
most those of the file if it is whole; 0 where the format does not show it (streams of unknown length, broadcasts).
"""

import struct
from collections.abc import Callable
from mmap import mmap
from typing import NamedTuple

from timesuite_jax.media.asf_extent import ASF_START, asf_extent, asf_lost_in_zeros
from timesuite_jax.media.avi_extent import avi_extent, avi_lost_in_zeros, is_avi
from timesuite_jax.media.matroska_extent import (
    is_matroska,
    matroska_extent,
    matroska_lost_in_zeros,
    matroska_shows_its_end,
)
from timesuite_jax.media.mp4_boxes import BOXES
from timesuite_jax.media.mp4_extent import mp4_extent, mp4_lost_in_zeros, mp4_shows_its_end
from timesuite_jax.media.nut_extent import NUT_START, nut_shows_its_end
from timesuite_jax.media.ogg_extent import ogg_extent, ogg_lost_in_zeros
from timesuite_jax.media.production_extent import (
    dv_extent,
    dv_lost_in_zeros,
    is_dv,
    mxf_extent,
    mxf_lost_in_zeros,
    mxf_shows_its_end,
    y4m_extent,
)
from timesuite_jax.media.stream_extent import (
    PACK_START,
    PNG_SIGNATURE,
    STUFFING,
    is_video_stream,
    jpeg_extent,
    png_extent,
    program_stream_extent,
    program_stream_lost_in_zeros,
    program_stream_shows_its_end,
)
from timesuite_jax.media.tag_extent import (
    FLV_START,
    IVF_START,
    flv_extent,
    gif_extent,
    gif_shows_its_end,
    ivf_extent,
)
from timesuite_jax.media.transport_packets import transport_stream_lost_in_zeros
from timesuite_jax.media.zero_tail import PADDING, zero_start


def declared_extent(data: bytes | mmap) -> int:
    """Returns the number of bytes that a file's structure needs, 0 if its format does not show it.

    Args:
      data: content of the file, or a memory map of it.
    """
    found = _format(data)
    if found is None:
        return 0
    try:
        return found.extent(data)
    except (struct.error, IndexError):  # cut off within a number
        return len(data) + 1


def shows_its_end(data: bytes | mmap) -> bool:
    """Returns whether the structure of a file shows that it is whole.

    Args:
      data: content of the file that is not shorter than `declared_extent`, or a memory map of it.
    """
    found = _format(data)
    return found is not None and found.shows_its_end(data)


def lost_in_zeros(data: bytes | mmap) -> int:
    """Returns the number of zeros at the end of a file if they replace a part of its structure, else 0.

    A download to a file that was allocated beforehand leaves such a tail if it is interrupted, and so does a power
    failure. Zeros that an element contains, such as silence, and those behind a file that shows its end are no loss.

    Args:
      data: content of the file that is not shorter than `declared_extent`, or a memory map of it.
    """
    start = zero_start(data)
    if start == len(data):
        return 0
    found = _format(data)
    try:
        lost = (found.lost_in_zeros if found else transport_stream_lost_in_zeros)(data, start)
    except (struct.error, IndexError):  # a number among the zeros that leads out of the file
        lost = True
    return len(data) - start if lost else 0


def _format(data: bytes | mmap) -> "_Format | None":
    head = bytes(data[:25])
    return next((one for one in _FORMATS if one.matches(head)), None)


def _always(data: bytes | mmap) -> bool:
    return True


def _never(data: bytes | mmap) -> bool:
    return False


def _never_lost(data: bytes | mmap, start: int) -> bool:
    return False


def _lost_behind(extent: Callable[..., int], slack: int = 0) -> Callable[..., bool]:
    """Returns whether the last element of a format that is read element by element is followed by zeros."""
    return lambda data, start: start <= extent(data) + slack <= len(data) - PADDING


class _Format(NamedTuple):
    """A format.

    Attributes:
      matches: whether a file of these first bytes is of it.
      extent: what its structure needs.
      shows_its_end: whether that shows that a file is whole.
      lost_in_zeros: whether elements are missing from a file that is zero from the given position to its end.
    """

    matches: Callable[[bytes], bool]
    extent: Callable[..., int]
    shows_its_end: Callable[..., bool]
    lost_in_zeros: Callable[..., bool]


_FORMATS = (
    _Format(lambda head: head[4:8] in BOXES, mp4_extent, mp4_shows_its_end, mp4_lost_in_zeros),
    _Format(is_matroska, matroska_extent, matroska_shows_its_end, matroska_lost_in_zeros),
    _Format(is_avi, avi_extent, lambda data: avi_extent(data) > 0, avi_lost_in_zeros),
    _Format(lambda head: head.startswith(ASF_START), asf_extent, _always, asf_lost_in_zeros),
    _Format(lambda head: head.startswith(b"OggS"), ogg_extent, _always, ogg_lost_in_zeros),
    _Format(lambda head: head.startswith(FLV_START), flv_extent, _never, _lost_behind(flv_extent, 4)),  # a tag's size
    _Format(lambda head: head[:6] in (b"GIF87a", b"GIF89a"), gif_extent, gif_shows_its_end, _lost_behind(gif_extent)),
    _Format(lambda head: head.startswith(IVF_START), ivf_extent, _never, _lost_behind(ivf_extent)),
    _Format(lambda head: head.startswith(PNG_SIGNATURE), png_extent, _always, _never_lost),
    _Format(lambda head: head.startswith(b"\xff\xd8\xff"), jpeg_extent, _never, _lost_behind(jpeg_extent)),
    _Format(
        lambda head: head.startswith(PACK_START),
        program_stream_extent,
        program_stream_shows_its_end,
        program_stream_lost_in_zeros,
    ),
    _Format(is_video_stream, lambda data: 0, _never, lambda data, start: len(data) - start >= STUFFING),
    _Format(lambda head: head.startswith(b"YUV4MPEG2 "), y4m_extent, _never, _lost_behind(y4m_extent)),
    _Format(lambda head: head.startswith(bytes.fromhex("060e2b34")), mxf_extent, mxf_shows_its_end, mxf_lost_in_zeros),
    _Format(is_dv, dv_extent, _never, dv_lost_in_zeros),
    _Format(lambda head: head.startswith(NUT_START), lambda data: 0, nut_shows_its_end, _never_lost),
)
