"""Reads rows of separated values strictly, one at a time.

Input that is likely to be misread is rejected: an unquoted separator that shifts the rest of its row, and an unbalanced
quote that swallows rows.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from timesuite_jax.errors import UserError
from timesuite_jax.storage.compressed import explain_read_errors, open_decompressed


class Row(NamedTuple):
    """A row of a file and the number of its last line."""

    line: int
    fields: list[str]


def read_rows(path: Path, separator: str, width: int | None = None) -> Iterator[Row]:
    """Yields the rows of a file, its header included, without lines that are empty or white space.

    Args:
      path: of the file, which may be compressed.
      separator: of fields; quotes are not special if it has more than one character.
      width: number of the columns; that of the first row if not given.

    Raises:
      UserError: if the file cannot be read, is malformed, or a row has more fields than columns; with the line.
    """
    with (
        explain_read_errors(path),
        open_decompressed(path) as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text,
    ):
        for row in _split(path, text, separator):
            width = width or len(row.fields)
            if len(row.fields) > width:
                raise UserError(
                    f"{path}, line {row.line} has more fields than the header has columns; "
                    f"quote names that contain {separator!r}"
                )
            yield row


def _split(path: Path, text: io.TextIOWrapper, separator: str) -> Iterator[Row]:
    if len(separator) > 1:
        for number, line in enumerate(text, 1):
            if line.strip():
                yield Row(number, line.rstrip("\r\n").split(separator))
        return
    reader, last = csv.reader(text, delimiter=separator, strict=True), 0
    try:
        for fields in reader:
            last = reader.line_num
            if len(fields) > 1 or any(map(str.strip, fields)):
                yield Row(last, fields)
    except csv.Error as error:
        raise UserError(
            f"cannot read {path} from line {last + 1} on: {error}; give a CSV file in which a name that "
            'contains a quote is written "so ""quoted"""'
        ) from error
