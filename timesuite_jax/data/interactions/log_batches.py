"""Reads the columns of an interaction log batch by batch, with Arrow where that reads the same as a strict reader."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import pyarrow
from pyarrow import csv, parquet

from timesuite_jax.data.interactions.json_rows import read_json_rows, text_fields
from timesuite_jax.data.interactions.log_file import LogFile
from timesuite_jax.data.interactions.text_rows import Row, read_rows
from timesuite_jax.errors import UserError
from timesuite_jax.storage.compressed import explain_read_errors, is_compressed, open_decompressed

Batch = list[pyarrow.Array | None]  # users, items and times of consecutive rows; None for a column that is absent
_ROWS = 50_000  # of a batch that Python's reader makes
_BLOCK = 1 << 20


def log_batches(log: LogFile) -> Iterator[Batch]:
    """Yields the rows of a log in their order.

    Raises:
      UserError: if the file cannot be read, or is malformed.
    """
    if log.kind == "parquet":
        return _parquet_batches(log)
    return _json_batches(log) if log.kind == "jsonl" else _text_batches(log)


def row_position(log: LogFile, row: int) -> str:
    """Returns the position of a row, counted from 0, for an error: the line of a text, found by reading it again."""
    if log.kind == "parquet":
        return f"{log.path}, row {row + 1}"
    rows = read_json_rows(log.path) if log.kind == "jsonl" else _text_rows(log)
    return f"{log.path}, line {next(itertools.islice(rows, row, None)).line}"


def _text_rows(log: LogFile) -> Iterator[Row]:
    return itertools.islice(read_rows(log.path, log.separator, len(log.names)), int(log.header > 0), None)


def _text_batches(log: LogFile) -> Iterator[Batch]:
    read = 0
    if len(log.separator) == 1 and not _has_quotes(log):  # Arrow accepts unbalanced quotes
        try:
            for batch in _arrow_batches(log):
                yield batch
                read += len(batch[1] or ())
            return
        except pyarrow.ArrowInvalid:
            pass  # Python's reader continues at this batch: it accepts short rows, and reports the line of an error
    rows = (row.fields for row in itertools.islice(_text_rows(log), read, None))
    yield from _batches(log, ([_field(fields, place) for place in log.columns] for fields in rows))


def _field(fields: Sequence[str], place: int | None) -> str | None:
    """A field of a row; None where the row is too short."""
    return None if place is None or place >= len(fields) else fields[place]


def _json_batches(log: LogFile) -> Iterator[Batch]:
    names = [None if place is None else log.names[place] for place in log.columns]
    yield from _batches(log, (text_fields(row, names, log.path) for row in read_json_rows(log.path)))


def _batches(log: LogFile, rows: Iterable[list[str | None]]) -> Iterator[Batch]:
    """Batches of rows, each a user, an item and a time."""
    rows = iter(rows)
    while chunk := list(itertools.islice(rows, _ROWS)):
        with explain_read_errors(log.path):
            columns = [pyarrow.array(column, pyarrow.string()) for column in zip(*chunk, strict=True)]
        yield [None if place is None else column for place, column in zip(log.columns, columns, strict=True)]


def _has_quotes(log: LogFile) -> bool:
    with explain_read_errors(log.path), open_decompressed(log.path) as file:
        return any(b'"' in block for block in iter(lambda: file.read(_BLOCK), b""))


def _arrow_batches(log: LogFile) -> Iterator[Batch]:
    names = [str(place) for place in range(len(log.names))]
    wanted = [str(place) for place in log.columns if place is not None]
    # Times as text: a column of integers may become one of fractions in a later batch.
    convert = csv.ConvertOptions(
        include_columns=wanted, column_types=dict.fromkeys(wanted, pyarrow.string()), strings_can_be_null=False
    )
    # After the header, whose names may be repeated, typed or quoted.
    read = csv.ReadOptions(column_names=names, skip_rows=log.header)
    parse = csv.ParseOptions(delimiter=log.separator)
    with explain_read_errors(log.path):
        # Arrow would decompress the file of a path by its suffix.
        file = open_decompressed(log.path) if is_compressed(log.path) else pyarrow.OSFile(str(log.path))
        with csv.open_csv(file, read_options=read, parse_options=parse, convert_options=convert) as reader:
            for batch in reader:
                yield [None if place is None else batch[str(place)] for place in log.columns]


def _parquet_batches(log: LogFile) -> Iterator[Batch]:
    names = [None if place is None else log.names[place] for place in log.columns]
    try:
        with parquet.ParquetFile(log.path) as file:
            for batch in file.iter_batches(columns=[name for name in names if name is not None]):
                yield [None if name is None else _decoded(batch[name]) for name in names]
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise UserError(f"cannot read {log.path}: {' '.join(str(error).split())}; give a Parquet file") from error


def _decoded(column: pyarrow.Array) -> pyarrow.Array:
    """Values instead of a dictionary of them, and text that is stored as bytes as text."""
    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pyarrow.types.is_binary(column.type) or pyarrow.types.is_large_binary(column.type):
        return column.cast(pyarrow.string())
    return column
