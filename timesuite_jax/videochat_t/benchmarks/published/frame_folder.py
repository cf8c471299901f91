"""Folders of numbered JPEGs as videos, as MVBench has those of TVQA."""

import re
from pathlib import Path

from timesuite_jax.data.corpora import Record
from timesuite_jax.data.question_spans import Span
from timesuite_jax.media import VideoError

FRAME_RATE = 3.0
"""Frames a second of TVQA's folders."""
_NUMBER = re.compile(r"(\d{1,9})\.jpe?g", re.IGNORECASE | re.ASCII)


def read_frame_folder(folder: Path, name: str, clip: Span | None, rate: float = FRAME_RATE) -> Record:
    """Reads the frames of a clip; frame n is that of second n / rate.

    Args:
      folder: with files such as 00001.jpg.
      name: of the video, for messages and results.
      clip: start and end in seconds; None for all frames.
      rate: frames a second.

    Returns:
      A record whose times count from the start of the clip.

    Raises:
      VideoError: it has no frame of the clip.
    """
    numbers = {int(found[1]): file for file in folder.iterdir() if (found := _NUMBER.fullmatch(file.name))}
    last = max(numbers, default=0) / rate
    start, end = clip or (0.0, last)
    times = [number / rate for number in sorted(numbers) if start <= number / rate <= end]
    if not times:
        raise VideoError(name, f"has no frame from {start:g} to {end:g} s", "download its folder again", "clip")
    frames = tuple(numbers[round(time * rate)].read_bytes() for time in times)
    length = max(min(end, last) - start, 1 / rate)
    return Record(
        name, "", "", (), length, frames=frames, frame_times=tuple(time - start for time in times), source=name
    )
