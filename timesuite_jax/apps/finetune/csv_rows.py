"""Parses separated values: comma, semicolon (Excel in most of Europe), tab or bar; texts may have line breaks."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from timesuite_jax.apps.finetune.fields import stands_for_nothing
from timesuite_jax.apps.finetune.raw_rows import (
    COLUMNS,
    RawRow,
    RawRows,
    RowNumber,
    RowProblem,
    column_name,
    missing_columns,
)
from timesuite_jax.errors import UserError

_SEPARATORS = (",", ";", "\t", "|")
_DECLARATION = re.compile(r'"?sep=(.)"?[ \t]*(?:\r\n|\n|\r)', re.IGNORECASE)  # Excel's first line
_QUOTING = 'write a quote within a quoted text twice: "so ""quoted"""'


def parse_csv(path: Path, text: str) -> RawRows:
    """Parses rows below a header that names the columns.

    Rows without any value are skipped: Excel writes them below the last one.

    Args:
      path: of the file, for messages.
      text: its content.

    Raises:
      UserError: the header lacks a column or has one twice.
    """
    declared = _DECLARATION.match(text)
    body = text[declared.end() :] if declared else text
    separator = declared[1] if declared else _separator(body)
    lines = _lines(body, separator, 1 + bool(declared))
    header, names = 0, list[str]()
    rows, problems = list[RawRow](), list[RowProblem]()
    for line, fields in lines:
        if isinstance(fields, str):
            problems.append(RowProblem(RowNumber(line), fields))
        elif not any(field.strip() for field in fields):
            continue
        elif not names:
            header, names = line, _header(path, line, fields)
        elif any(field.strip() for field in fields[len(names) :]):
            problems.append(
                RowProblem(
                    RowNumber(line),
                    f"has {len(fields)} fields, but the header has {len(names)} columns; put texts that contain "
                    f"{separator!r} in double quotes",
                )
            )
        else:
            cells = (None if stands_for_nothing(field) else field for field in fields)
            values = {name: cell for name, cell in zip(names, cells, strict=False) if name}
            rows.append(RawRow(RowNumber(line), values))
    if not header:
        raise UserError(f"{path} has no header; its first line must name the columns, e.g. video,question,answer")
    return RawRows(tuple(rows), tuple(problems), tuple(name for name in names if name and name not in COLUMNS))


def _lines(body: str, separator: str, first: int) -> Iterator[tuple[int, list[str] | str]]:
    """Yields the first line of each row with its fields, or with what is wrong with them."""
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator, strict=True)
    while True:
        line = first + reader.line_num
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            last = first + reader.line_num - 1
            up_to = f" up to line {last}" if last > line else ""
            long = "field limit" in str(error)  # most often the rest of the file, after a quote that is not closed
            remedy = "close its quotes, or shorten it" if long else _QUOTING
            yield line, f"cannot be read{up_to} ({error}); {remedy}"
        else:
            yield line, fields


def _separator(body: str) -> str:
    """The separator by which the first line names the most columns."""
    first = next((line for line in re.split(r"[\r\n]+", body) if line.strip()), "")

    def known(separator: str) -> int:
        return sum(column_name(name.strip(' "')) in COLUMNS for name in first.split(separator))

    return max(_SEPARATORS, key=known)


def _header(path: Path, line: int, fields: list[str]) -> list[str]:
    names = [column_name(field) for field in fields]
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        raise UserError(f"{path}, line {line}: column {repeated[0]} occurs more than once; rename or remove one")
    if wrong := missing_columns(name for name in names if name):
        raise UserError(f"{path}, line {line}: the header {wrong}")
    return names
