"""Logs and histories as people write them: rows of CSV files, and the names and times that stand in them.

What could be taken for something else than was meant is refused: a comma that shifts the rest of its row, a quote that
swallows rows, two columns of one name.
"""

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from timesuite_jax.errors import UserError


def csv_rows(
    path: Path, needed: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Where each row stands, and what it has in each column; a row that ends early has None in the rest.

    Raises:
      UserError: if the file cannot be read, lacks a column, names one twice, or is no proper CSV; with the line.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            try:
                check_columns(path, reader.fieldnames or (), needed, optional)
                for row in reader:
                    where = f"{path}, line {reader.line_num}"
                    if None in row:
                        raise UserError(
                            f"{where} has more fields than the header has columns; put a name with a comma in quotes"
                        )
                    yield where, row
            except csv.Error as error:
                raise UserError(
                    f"cannot read {path} from line {reader.line_num + 1} on: {error}; give a CSV file, in which a "
                    'name with a quote is written "so ""quoted"""'
                ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {error}; give a CSV file in UTF-8") from error


def check_columns(path: Path, there: Sequence[str], needed: Sequence[str], optional: Sequence[str] = ()) -> None:
    """Refuses a table of which some column is not there, or is there twice.

    Raises:
      UserError: naming the columns.
    """
    if lacking := [name for name in needed if name not in there]:
        raise UserError(f"{path} has no column {', '.join(lacking)}; it must have {', '.join(needed)}")
    if twice := [name for name in (*needed, *optional) if there.count(name) > 1]:
        raise UserError(f"{path} has more than one column {', '.join(twice)}; rename or remove the others")


def read_name(name: object, column: str, where: str) -> str:
    """What a row has in a column of names, without spaces around it.

    Raises:
      UserError: if that is nothing, or neither text nor a whole number; `where` is the row.
    """
    text = "" if name is None else str(name).strip()
    if isinstance(name, bool) or not isinstance(name, str | int | None) or "\0" in text:
        raise UserError(f"{where}: {column} {name!r} is neither a name nor a whole number; write one of these")
    if not text:
        raise UserError(f"{where} names no {column}; fill it in or remove the line")
    return text


def read_time(when: object, where: str) -> int | float:
    """What a row has in its column of times; a whole number exactly, as nanoseconds need.

    Raises:
      UserError: if that is no finite number; `where` is the row.
    """
    text = str(when)
    try:
        time = math.nan if "_" in text else float(text)  # Python's own way to write 1_000
    except ValueError:
        time = math.nan
    if not math.isfinite(time):
        raise UserError(f"{where}: time {when!r} is no number; give seconds, or any number that grows with time")
    try:
        return int(text)
    except ValueError:
        return time
