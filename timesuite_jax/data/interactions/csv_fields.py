"""Reads rows, names and times of CSV files strictly.

Input that is likely to be misread is rejected: an unquoted comma that shifts the rest of its row, an unbalanced quote
that swallows rows, and two columns with one name.
"""

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from timesuite_jax.errors import UserError


def csv_rows(
    path: Path, required: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Yields the position ("file, line 3") and the fields by column of each row; fields missing at the end are None.

    Raises:
      UserError: if the file cannot be read, lacks a required column, has two columns of one name, or is malformed;
        with the line.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            try:
                check_columns(path, reader.fieldnames or (), required, optional)
                for row in reader:
                    position = f"{path}, line {reader.line_num}"
                    if None in row:
                        raise UserError(
                            f"{position} has more fields than the header has columns; quote names that contain a comma"
                        )
                    yield position, row
            except csv.Error as error:
                raise UserError(
                    f"cannot read {path} from line {reader.line_num + 1} on: {error}; give a CSV file in which a "
                    'name that contains a quote is written "so ""quoted"""'
                ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {error}; give a CSV file in UTF-8") from error


def check_columns(path: Path, names: Sequence[str], required: Sequence[str], optional: Sequence[str] = ()) -> None:
    """Checks that each required column exists once, and each optional one at most once.

    Raises:
      UserError: with the names of the columns.
    """
    if missing := [name for name in required if name not in names]:
        raise UserError(f"{path} has no column {', '.join(missing)}; it must have {', '.join(required)}")
    if repeated := [name for name in (*required, *optional) if names.count(name) > 1]:
        raise UserError(f"{path} has more than one column {', '.join(repeated)}; rename or remove the others")


def parse_name(value: object, column: str) -> str:
    """Returns the name of a user or an item, without surrounding white space; a whole number is a name, too.

    Raises:
      ValueError: if the value is empty, or neither text nor a whole number.
    """
    text = "" if value is None else str(value).strip()
    if isinstance(value, bool) or not isinstance(value, str | int | None) or "\0" in text:
        raise ValueError(f"{column} {value!r} is neither a name nor a whole number; give one of these")
    if not text:
        raise ValueError(f"{column} is empty; fill it in or remove the line")
    return text


def parse_time(value: object) -> int | float:
    """Returns a time as a number; an int where it is written as one, since a float does not resolve nanoseconds.

    Raises:
      ValueError: if the value is not a finite number.
    """
    text = str(value)
    try:
        time = math.nan if "_" in text else float(text)  # Python alone reads 1_000 as a number
    except ValueError:
        time = math.nan
    if not math.isfinite(time):
        raise ValueError(f"time {value!r} is not a number; give seconds, or any number that increases with time")
    try:
        return int(text)
    except ValueError:
        return time
