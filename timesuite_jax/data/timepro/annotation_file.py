"""Reads annotation files: a JSON value or JSON lines, perhaps compressed with gzip."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

from timesuite_jax.errors import UserError
from timesuite_jax.storage.foreign_files import refuse_foreign

_LARGEST_LINK = 4096  # bytes of a file that may be the text of a symbolic link
_MAX_DIGITS = 400  # of an int; longer ones are beyond the range of floats
_MAX_BYTES = 2**32  # of a file when decompressed; the largest sources have a few hundred megabytes


def load_entries(path: Path) -> list[Any]:
    """Reads the entries of a file, at least one.

    Raises:
      UserError: there is no such file, or it is neither a JSON list nor JSON lines.
    """
    entries, _, _ = load_json(path, read_data(path))
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


def read_data(path: Path, what: str = "annotation file") -> bytes:
    """Reads the content of a file, decompressed if it is compressed with gzip.

    Args:
      path: of the file.
      what: it is, for messages.

    Raises:
      UserError: there is no such file, or it is damaged or too large.
    """
    if not path.is_file():
        raise UserError(f"there is no {what} {path}; check the path")
    with path.open("rb") as file:
        if compressed := file.read(2) == b"\x1f\x8b":
            file = gzip.open(path)  # noqa: SIM115
        file.seek(0)
        with file:
            try:
                data = file.read(_MAX_BYTES + 1)
            except (OSError, EOFError, zlib.error) as error:
                if not compressed:
                    raise
                raise UserError(f"{path} is compressed with gzip and damaged ({error}); download it again") from error
    if len(data) > _MAX_BYTES:
        raise UserError(f"{path} has more than {_MAX_BYTES} bytes of annotations; split it")
    return data


def kind(value: Any) -> str:
    """Name of a value's type in JSON."""
    return {dict: "object", list: "list", str: "string", type(None): "null"}.get(type(value), "number")


def is_text(value: Any) -> bool:
    """Whether a value is a string that UTF-8 can encode: JSON can contain lone surrogates ("\\ud800")."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def load_json(path: Path, data: bytes) -> tuple[Any, tuple[int, ...] | None, tuple[str, ...]]:
    """Parses the content of a file.

    Args:
      path: the file, for messages.
      data: its content.

    Returns:
      The JSON value, or the list of the values of JSON lines; the number of the line of each of these; and the keys
      that occur twice in an object, of which the last is used.

    Raises:
      UserError: it is neither JSON nor JSON lines.
    """
    repeated: list[str] = []

    def check_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            repeated.extend(key for key, _ in pairs if key in seen or seen.add(key))
        return found

    decoder = json.JSONDecoder(object_pairs_hook=check_keys, parse_int=_int)
    try:
        text = data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
        return decoder.decode(text), None, tuple(repeated)
    except (ValueError, RecursionError) as error:
        repeated.clear()
        lines = _lines(path, data, decoder)
        if lines is None:
            refuse_foreign(path)
            raise _not_json(path, data, error) from error
    return [value for _, value in lines], tuple(number for number, _ in lines), tuple(repeated)


def _int(digits: str) -> float:
    """A number of any length: one of thousands of digits is infinite, which no time or label is."""
    return int(digits) if len(digits) < _MAX_DIGITS else float(digits)


def _lines(path: Path, data: bytes, decoder: json.JSONDecoder) -> list[tuple[int, Any]] | None:
    """Parses JSON lines, with their numbers; None if the first line is not an object.

    Raises:
      UserError: a later line is not JSON.
    """
    entries: list[tuple[int, Any]] = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            entries.append((number, decoder.decode(line.decode("utf-8-sig"))))
        except (ValueError, RecursionError) as error:
            if not entries:
                return None
            raise UserError(f"{path}, line {number} is not JSON ({error}); it has one JSON object a line") from error
        if not isinstance(entries[0][1], dict):
            return None
    return entries or None


def _not_json(path: Path, data: bytes, error: Exception) -> UserError:
    text = data.strip()
    if len(data) < _LARGEST_LINK and b"/" in data and b"\n" not in text and text[:1] not in b"[{":
        return UserError(
            f"{path} contains only a path ({text.decode(errors='replace')[:60]!r}...): it is the text of a "
            "symbolic link; download the file itself"
        )
    return UserError(f"{path} is not JSON ({error}); download it again or correct it")
