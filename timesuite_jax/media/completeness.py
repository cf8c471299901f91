"""Rejects files that were cut off, such as interrupted downloads and copies."""

from collections.abc import Callable
from mmap import mmap
from typing import Literal

import av.container

from timesuite_jax.media.container_extent import declared_extent, lost_in_zeros, shows_its_end
from timesuite_jax.media.file_content import read_content
from timesuite_jax.media.mp4_extent import mp4_lists_frames
from timesuite_jax.media.transport_packets import partial_transport_packet
from timesuite_jax.media.video_error import VideoError
from timesuite_jax.media.video_file import Source, open_video

Ending = Literal["shown", "open", "within_packet"]
"""What a file shows of its end: that it is whole; nothing, as its format has no end; that it ends within a packet.

Recordings of broadcasts (transport streams) may end within a packet.
"""


def open_complete_video(source: Source, name: str) -> av.container.InputContainer:
    """Opens a file or encoded bytes that are as long as their structure; the caller closes the container.

    Numbers of frames and durations in headers are no measure: they count frames that an edit list trims, or that are
    only held, and may be wrong. Where a container lists the places of its frames (mp4) and the list is whole, the file
    may end after the last of them, whatever else is missing.

    Args:
      source: path or encoded bytes.
      name: name for error messages.

    Raises:
      VideoError: the file is missing, empty, unreadable or truncated, or has no video stream.
    """
    try:
        container = open_video(source, name)
    except VideoError:
        _check_extent(source, name, None)  # the reason, if the file cannot be opened because it is cut off
        raise
    try:
        _check_extent(source, name, container)
    except VideoError:
        container.close()
        raise
    return container


def _check_extent(source: Source, name: str, container: av.container.InputContainer | None) -> None:
    present, extent = _measure(source, declared_extent)
    if container is not None and _measure(source, mp4_lists_frames)[1]:
        extent = _frames_end(container) or extent
    problem = None
    if extent > present:
        problem = f"{present} of at least {extent} bytes are present"
    elif zeros := _measure(source, lost_in_zeros)[1]:
        problem = f"the last {zeros} of {present} bytes are zeros"
    if problem:
        raise VideoError(name, f"is truncated: {problem}", "download it again or re-encode it", "truncated")


def ending(source: Source) -> Ending:
    """Returns what a file that `open_complete_video` accepts shows of its end."""
    if _measure(source, partial_transport_packet)[1]:
        return "within_packet"
    return "shown" if _measure(source, shows_its_end)[1] else "open"


def _measure(source: Source, measure: Callable[[bytes | mmap], int]) -> tuple[int, int]:
    """Returns the size of a file in bytes and a measure of its content, zeros if the file cannot be read."""
    return read_content(source, lambda data: (len(data), measure(data)), (0, 0))


def _frames_end(container: av.container.InputContainer) -> int:
    """Returns the end of the frames that the index of a container lists; 0 if a video stream has none there."""
    ends = [
        max((entry.pos + entry.size for entry in stream.index_entries), default=0) for stream in container.streams.video
    ]
    return max(ends) if all(ends) else 0
