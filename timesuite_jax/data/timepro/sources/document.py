"""Loads an annotation file of any kind, as far as is possible without knowing its format."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from timesuite_jax.data.timepro.annotation_file import load_json, read_data
from timesuite_jax.data.timepro.sources.cursor import Cursor
from timesuite_jax.errors import UserError
from timesuite_jax.storage.foreign_files import refuse_foreign

Kind = Literal["json", "text", "pickle", "matlab", "folder"]
_LABELLED = re.compile(r"[ ,;]-?\d+\s*$")  # a video with a label
_SAMPLED = 8  # rows by which a format is recognized
_MATLAB_5, _MATLAB_7, _HDF5 = b"MATLAB 5.0 MAT-file", b"MATLAB 7.3 MAT-file", b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True)
class Document:
    """A file, or a folder of files, of annotations.

    Attributes:
      path: the file or folder.
      kind: what it is.
      value: a JSON value; lines of a text; bytes of a pickle or a MATLAB file; names of the files in a folder.
      line_numbers: of each item of `value` that comes from JSON lines.
      repeated: keys that an object has twice, of which JSON readers use the last.
    """

    path: Path
    kind: Kind
    value: Any
    line_numbers: tuple[int, ...] | None = None
    repeated: tuple[str, ...] = field(default=())

    def records(self) -> Iterator[Cursor]:
        """Yields the items of a list, a single object (JSON lines of one line), or the lines of a text."""
        if self.kind == "text":
            for number, line in enumerate(self.value, 1):
                if line.strip():
                    yield Cursor(f"line {number}", line)
        elif isinstance(self.value, dict):
            yield Cursor("line 1", self.value)
        elif isinstance(self.value, list):
            for number, value in enumerate(self.value):
                yield Cursor(f"line {self.line_numbers[number]}" if self.line_numbers else f"[{number}]", value)

    def by_key(self) -> Iterator[Cursor]:
        """Yields the values of an object, with their keys."""
        if isinstance(self.value, dict):
            yield from Cursor("", self.value).entries()

    def has_records(self, *names: str) -> bool:
        """Whether one of the first records has all these fields; alternatives of one are separated by "|"."""
        return self.kind == "json" and any(has_fields(row.value, *names) for row in first_of(self.records()))

    def has_values(self, *names: str) -> bool:
        """Whether one of the first values of an object has all these fields; see `has_records`."""
        return self.kind == "json" and any(has_fields(row.value, *names) for row in first_of(self.by_key()))


def first_of(rows: Iterator[Cursor]) -> list[Cursor]:
    """Returns the rows by which a format is recognized."""
    return [row for row, _ in zip(rows, range(_SAMPLED), strict=False)]


def has_fields(value: Any, *names: str) -> bool:
    """Whether a value is an object with all fields; alternatives of one are separated by "|"."""
    return isinstance(value, dict) and all(any(one in value for one in name.split("|")) for name in names)


def load_document(path: Path) -> Document:
    """Loads a file or lists a folder.

    Raises:
      UserError: it does not exist, is damaged, or is of a kind that no annotations have.
    """
    if path.is_dir():
        return Document(path, "folder", sorted(file.name for file in path.iterdir() if file.is_file()))
    data = read_data(path)
    if not data.strip():
        raise UserError(f"{path} is empty; download it again")
    if data[:1] == b"\x80" and data[1:2] <= b"\x05":
        return Document(path, "pickle", data)
    if data.startswith(_MATLAB_5):
        return Document(path, "matlab", data)
    if data.startswith((_MATLAB_7, _HDF5)):
        raise UserError(
            f"{path} is an HDF5 file (MATLAB 7.3), which is not read; give ydata-tvsum50-anno.tsv of TVSum, or SumMe's "
            "folder GT"
        )
    text = _lines(data)
    if text is not None and data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in b"[{":
        refuse_foreign(path)
        link = len(text) == 1 and b"/" in data and not any(mark in data for mark in (b"\t", b"##"))
        if not link or _LABELLED.search(text[0]):  # else the text of a symbolic link
            return Document(path, "text", text)
    value, numbers, repeated = load_json(path, data)
    if value == [] or value == {}:
        raise UserError(f"{path} contains no records; give a file with at least one")
    return Document(path, "json", value, numbers, repeated)


def _lines(data: bytes) -> list[str] | None:
    """Lines of a text without their ends; None if it is not one."""
    try:
        return [line.rstrip("\r") for line in data.decode("utf-8-sig").rstrip("\r\n").split("\n")]
    except UnicodeDecodeError:
        return None
