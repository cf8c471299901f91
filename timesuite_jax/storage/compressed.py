"""Opens a file for reading, decompressed if it is compressed: by its first bytes, not by its name."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from timesuite_jax.errors import UserError

# Raised while a damaged file is read.
_READ_ERRORS = (OSError, EOFError, UnicodeError, zlib.error, lzma.LZMAError)
_OPENERS: Mapping[bytes, Any] = {  # functions of a path that return an IO[bytes]
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
_ARCHIVES = {
    b"PK\x03\x04": "a zip archive, as .npz and .xlsx files are",
    b"\x28\xb5\x2f\xfd": "compressed with Zstandard",
    b"7z\xbc\xaf": "a 7z archive",
}


@contextmanager
def explain_read_errors(path: Path) -> Iterator[None]:
    """Reports errors of reading a file of text.

    Raises:
      UserError: naming the file.
    """
    try:
        yield
    except _READ_ERRORS as error:
        raise UserError(f"cannot read {path}: {error}; give an intact file of text in UTF-8") from error


def is_compressed(path: Path) -> bool:
    """Whether a file is compressed with gzip, bzip2 or xz."""
    return _opener(path) is not None


def open_decompressed(path: Path) -> IO[bytes]:
    """Opens a file for reading its content, decompressed.

    Raises:
      UserError: if it is an archive, or compressed with another program than gzip, bzip2 or xz.
      OSError: if it cannot be opened.
    """
    opener = _opener(path)
    return opener(path) if opener else path.open("rb")


def _opener(path: Path) -> Any:
    """The function that opens a compressed file; None for another file."""
    with path.open("rb") as file:
        start = file.read(8)
    for magic, kind in _ARCHIVES.items():
        if start.startswith(magic):
            raise UserError(f"{path} is {kind}; give a file of text, e.g. CSV (it may be compressed with gzip)")
    return next((opener for magic, opener in _OPENERS.items() if start.startswith(magic)), None)
