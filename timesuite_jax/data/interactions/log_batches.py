"""Reads the three columns of an interaction log batch by batch with Arrow, from CSV or Parquet."""

import itertools
import mmap
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow
from pyarrow import csv, parquet

from timesuite_jax.data.interactions.csv_fields import check_columns, csv_rows
from timesuite_jax.errors import UserError

Batch = list[pyarrow.Array]  # users, items and times of consecutive rows
_ROWS = 50_000  # of a batch that Python's CSV reader makes


def log_batches(path: Path, columns: Sequence[str]) -> Iterator[Batch]:
    """Yields the rows of a log in their order; a path that does not end in `.parquet` is a CSV file.

    Raises:
      UserError: if the file cannot be read, lacks a column, has two of one name, or is malformed.
    """
    return (_parquet_batches if path.suffix == ".parquet" else _csv_batches)(path, columns)


def row_position(path: Path, columns: Sequence[str], row: int) -> str:
    """The position of a row, counted from 0, for an error: the line of a CSV file, which is found by reading again."""
    if path.suffix == ".parquet":
        return f"{path}, row {row + 1}"
    position, _ = next(itertools.islice(csv_rows(path, columns), row, None))
    return position


def _csv_batches(path: Path, columns: Sequence[str]) -> Iterator[Batch]:
    if next(csv_rows(path, columns), None) is None:  # checks the header, too
        return
    read = 0
    if not _has_quotes(path):  # Arrow accepts unbalanced quotes
        try:
            for batch in _open_csv(path, columns):
                yield batch
                read += len(batch[0])
            return
        except pyarrow.ArrowInvalid:
            pass  # Python's reader continues at this batch: it accepts short rows, and reports the line of an error
    rows = itertools.islice(csv_rows(path, columns), read, None)
    while chunk := list(itertools.islice(rows, _ROWS)):
        yield [pyarrow.array([row[column] for _, row in chunk], pyarrow.string()) for column in columns]


def _has_quotes(path: Path) -> bool:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b'"') >= 0


def _open_csv(path: Path, columns: Sequence[str]) -> Iterator[Batch]:
    # Times as text: a column of integers may become one of fractions in a later batch.
    convert = csv.ConvertOptions(
        include_columns=list(columns), column_types=dict.fromkeys(columns, pyarrow.string()), strings_can_be_null=False
    )
    with csv.open_csv(path, convert_options=convert) as reader:
        for batch in reader:
            yield batch.columns


def _parquet_batches(path: Path, columns: Sequence[str]) -> Iterator[Batch]:
    try:
        with parquet.ParquetFile(path) as file:
            check_columns(path, file.schema_arrow.names, columns)
            for batch in file.iter_batches(columns=list(columns)):
                yield [_decoded(batch[column]) for column in columns]
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise UserError(f"cannot read {path}: {' '.join(str(error).split())}; give a Parquet file") from error


def _decoded(column: pyarrow.Array) -> pyarrow.Array:
    """Text that is stored as bytes as text, and timestamps as seconds since 1970 (in UTC if without a time zone)."""
    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pyarrow.types.is_binary(column.type):
        return column.cast(pyarrow.string())
    if pyarrow.types.is_timestamp(column.type):
        # Microseconds: a float of seconds since 1970 is no finer today.
        whole = column.cast(pyarrow.timestamp("us", column.type.tz), safe=False).cast(pyarrow.int64())
        return pyarrow.array(whole.to_numpy(zero_copy_only=False) / 1e6, from_pandas=True)  # null stays null
    return column
