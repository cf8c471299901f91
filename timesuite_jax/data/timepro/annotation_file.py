"""Reads the entries of an annotation file: a JSON list or JSON lines, perhaps compressed with gzip."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

from timesuite_jax.errors import UserError
from timesuite_jax.storage.foreign_files import refuse_foreign

_LARGEST_LINK = 4096  # bytes of a file that may be the text of a symbolic link


def load_entries(path: Path) -> list[Any]:
    """Reads the entries of a file, at least one.

    Raises:
      UserError: there is no such file, or it is neither a JSON list nor JSON lines.
    """
    if not path.is_file():
        raise UserError(f"there is no annotation file {path}; check the path")
    data = _read(path)
    try:
        entries = json.loads(data)
    except (ValueError, RecursionError) as error:
        entries = _lines(path, data)
        if entries is None:
            refuse_foreign(path)
            raise _not_json(path, data, error) from error
    if isinstance(entries, dict) and "video" in entries:
        entries = [entries]  # JSON lines of a single record
    if not isinstance(entries, list):
        raise UserError(
            f"{path} contains a JSON {kind(entries)}, not a list of records with video and QA; "
            "give an instruction file in the format of VideoChat2-IT"
        )
    if not entries:
        raise UserError(f"{path} contains no records; give a file with at least one")
    return entries


def _read(path: Path) -> bytes:
    """The content of a file, decompressed if it is compressed with gzip."""
    data = path.read_bytes()
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} is compressed with gzip and damaged ({error}); download it again") from error


def kind(value: Any) -> str:
    """Name of a value's type in JSON."""
    return {dict: "object", list: "list", str: "string", type(None): "null"}.get(type(value), "number")


def _lines(path: Path, data: bytes) -> list[Any] | None:
    """Parses JSON lines; None if the first line is not an object.

    Raises:
      UserError: a later line is not JSON.
    """
    entries = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            entries.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            if not entries:
                return None
            raise UserError(f"{path}, line {number} is not JSON ({error}); it has one JSON object a line") from error
        if not isinstance(entries[0], dict):
            return None
    return entries or None


def _not_json(path: Path, data: bytes, error: Exception) -> UserError:
    text = data.strip()
    if len(data) < _LARGEST_LINK and b"/" in data and b"\n" not in text and text[:1] not in b"[{":
        return UserError(
            f"{path} contains only a path ({text.decode(errors='replace')[:60]}...): it is the text of a "
            "symbolic link; download the file itself"
        )
    return UserError(f"{path} is not JSON ({error}); download it again or correct it")
