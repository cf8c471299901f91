"""Recognises files with another of the same format appended, which demuxers do not read.

Formats of which the end is known without doubt: FLV, ASF and WMV, APNG, IVF. NUT is read through, but with surplus
frames at the join.
"""

from mmap import mmap

from timesuite_jax.media.asf_extent import ASF_START, asf_extent
from timesuite_jax.media.nut_extent import NUT_START
from timesuite_jax.media.stream_extent import PNG_SIGNATURE, png_extent
from timesuite_jax.media.tag_extent import FLV_START, IVF_START, flv_extent, ivf_extent

_TAG_SIZE = 4  # of FLV, after each tag


def appended_format(data: bytes | mmap) -> str | None:
    """Returns the format of a file with another one appended; None if there is none, or the format shows none.

    Args:
      data: content of a file that is not cut off, or a memory map of it.
    """
    for name, start, end in (
        ("FLV", FLV_START, lambda: flv_extent(data) + _TAG_SIZE),
        ("ASF", ASF_START, lambda: _objects_end(data)),
        ("PNG", PNG_SIGNATURE, lambda: png_extent(data)),
        ("IVF", IVF_START, lambda: ivf_extent(data)),
        ("NUT", NUT_START, lambda: data.find(NUT_START, len(NUT_START))),
    ):
        if _begins(data, 0, start):
            at = end()
            return name if at > 0 and _begins(data, at, start) else None
    return None


def _begins(data: bytes | mmap, at: int, start: bytes) -> bool:
    return bytes(data[at : at + len(start)]) == start


def _objects_end(data: bytes | mmap) -> int:
    """The end of the indices behind the data object of ASF, each with a size behind its 16 bytes of kind."""
    at = asf_extent(data)
    while not _begins(data, at, ASF_START) and (size := int.from_bytes(data[at + 16 : at + 24], "little")) >= 24:
        at += size
    return at
