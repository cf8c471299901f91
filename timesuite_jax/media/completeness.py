"""Rejects files that were cut off, such as interrupted downloads and copies."""

from collections.abc import Sequence
from mmap import ACCESS_READ, mmap
from pathlib import Path

import av.video.stream

from timesuite_jax.media.container_extent import declared_extent
from timesuite_jax.media.video_error import VideoError
from timesuite_jax.media.video_file import Source


def check_complete(source: Source, name: str, streams: Sequence[av.video.stream.VideoStream]) -> None:
    """Checks that a file is as long as its structure.

    Numbers of frames and durations in headers are no measure: they count frames that an edit list trims, or that are
    only held, and may be wrong. Where a container lists the places of its frames (mp4), the file may end after the last
    of them, whatever else is missing.

    Args:
      source: path or encoded bytes.
      name: name for error messages.
      streams: video streams of the open file.

    Raises:
      VideoError: the file is truncated.
    """
    if isinstance(source, bytes):
        present, extent = len(source), declared_extent(source)
    else:
        with Path(source).open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            present, extent = len(data), declared_extent(data)
    if extent <= present or _all_frames_within(streams, present):
        return
    raise VideoError(
        name, f"is truncated: {present} of {extent} bytes are present", "download it again or re-encode it"
    )


def _all_frames_within(streams: Sequence[av.video.stream.VideoStream], size: int) -> bool:
    """Whether a table in the header lists the places of all frames to display, and all are within the file.

    Fragmented mp4 declares no frames in its header.
    """
    if streams[0].container.format.name != "mov,mp4,m4a,3gp,3g2,mj2":
        return False
    return all(
        stream.frames and all(entry.pos + entry.size <= size for entry in stream.index_entries) for stream in streams
    )
