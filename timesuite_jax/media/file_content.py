"""Reads the bytes of a video without copying the file into memory."""

from collections.abc import Callable
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TypeVar

from timesuite_jax.media.video_file import Source

_Result = TypeVar("_Result")


def read_content(source: Source, read: Callable[[bytes | mmap], _Result], absent: _Result) -> _Result:
    """Returns what a function finds in the bytes of a video; `absent` if the file cannot be read.

    Args:
      source: path or encoded bytes.
      read: called with the bytes, which exist no longer afterwards.
      absent: what is returned for a missing, empty or unreadable file.
    """
    if isinstance(source, bytes):
        return read(source)
    if not Path(source).is_file():  # opening a pipe would wait for its other end
        return absent
    try:
        with Path(source).open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            return read(data)
    except (OSError, ValueError):  # not permitted; empty
        return absent
