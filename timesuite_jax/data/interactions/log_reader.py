"""Reads an interaction log: a CSV file with a header, or a Parquet file.

The columns are `user`, `item` and `time`; others are ignored. Users and items have any names. Times are numbers of any
unit, or timestamps in Parquet. Rows are sorted by time, at least within each user, unless they are to be sorted.

Logs have tens of millions of rows: only arrays have one entry a row, and Python objects exist for distinct names alone.
"""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow
from jaxtyping import Float, Int, Num

from timesuite_jax.data.interactions.csv_fields import parse_name, parse_time
from timesuite_jax.data.interactions.log import InteractionLog
from timesuite_jax.data.interactions.log_batches import log_batches, row_position
from timesuite_jax.errors import UserError

COLUMNS = ("user", "item", "time")
_Position = Callable[[int], str]  # of a row, for an error


def read_log(
    path: Path,
    columns: Sequence[str] | None = None,
    *,
    sort: bool = False,
    on_progress: Callable[[int], None] = lambda rows: None,
) -> InteractionLog:
    """Reads a log from a CSV or a Parquet file.

    Args:
      path: ends in `.parquet`, or is CSV.
      columns: names of the columns of users, items and times, if not user, item and time.
      sort: sort the rows by time (stably) instead of rejecting unsorted ones.
      on_progress: called with the number of rows in each batch read.

    Raises:
      UserError: if the file cannot be read, lacks columns, has no rows, an invalid name or time, a repeated row, or
        (without `sort`) a user whose rows are not sorted by time; with the line.
    """
    columns = columns or COLUMNS
    position = functools.partial(row_position, path, columns)
    encoded: tuple[list[pyarrow.Array], list[pyarrow.Array]] = [], []
    parts: list[np.ndarray] = []
    read = 0
    for batch in log_batches(path, columns):
        if not (number := len(batch[0])):
            continue
        for kind, column, chunks in zip(("user", "item"), batch[:2], encoded, strict=True):
            chunks.append(_encode(column, kind, position, read))
        parts.append(_times(batch[2], position, read))
        read += number
        on_progress(number)
    if not read:
        raise UserError(f"{path} contains no rows after its header; give a log with interactions")
    times = np.concatenate(parts)
    parts.clear()
    (users, user_names), (items, item_names) = (
        _unify(chunks, kind, position) for chunks, kind in zip(encoded, ("user", "item"), strict=True)
    )
    row = _repeated_row(users, items, times)
    if row is not None:
        raise UserError(
            f"{position(row)} repeats an earlier row: user {user_names[users[row]]}, item {item_names[items[row]]}; "
            "remove one of them"
        )
    if sort:
        order = np.argsort(times, kind="stable")
        users, items, times = users[order], items[order], times[order]
    elif (row := _unsorted_row(users, times)) is not None:
        raise UserError(
            f"{position(row)}: timestamps of user {user_names[users[row]]} are not sorted; sort the file by time, or "
            "pass --sort"
        )
    return InteractionLog(users, items, times.astype(np.float64), user_names, item_names)


def _encode(column: pyarrow.Array, kind: str, position: _Position, start: int) -> pyarrow.Array:
    """Names as a dictionary array; `start` is the row at which the batch begins."""
    if pyarrow.types.is_integer(column.type):
        column = column.cast(pyarrow.string())
    if column.null_count or not _is_text(column.type):
        row = int(column.is_null().to_numpy(zero_copy_only=False).argmax())  # the first null, else the first row
        try:
            parse_name(column[row].as_py(), kind)
        except ValueError as error:
            raise UserError(f"{position(start + row)}: {error}") from error
    return column.cast(pyarrow.string()).dictionary_encode()


def _is_text(dtype: pyarrow.DataType) -> bool:
    return pyarrow.types.is_string(dtype) or pyarrow.types.is_large_string(dtype)


def _unify(
    chunks: list[pyarrow.Array], kind: str, position: _Position
) -> tuple[Int[np.ndarray, " N"], tuple[str, ...]]:
    """The index of each row's name, and the names in the order in which they first appear."""
    unified = pyarrow.chunked_array(chunks).unify_dictionaries()
    codes = np.concatenate([chunk.indices.to_numpy() for chunk in unified.chunks])
    names: dict[str, int] = {}
    indices = []
    for code, value in enumerate(unified.chunk(0).dictionary.to_pylist()):
        try:
            name = parse_name(value, kind)
        except ValueError as error:
            raise UserError(f"{position(int(np.argmax(codes == code)))}: {error}") from error
        indices.append(names.setdefault(name, len(names)))  # names may differ in white space only
    return (codes if len(names) == len(indices) else np.array(indices, np.int32)[codes]), tuple(names)


def _times(column: pyarrow.Array, position: _Position, start: int) -> Num[np.ndarray, " N"]:
    """Times as int64 if all of the batch are such integers, else as float64."""
    numeric = pyarrow.types.is_integer(column.type) or pyarrow.types.is_floating(column.type)
    if not column.null_count and (numeric or _is_text(column.type)):
        try:
            # As floats first: Arrow reads hexadecimal integers.
            times = column.cast(pyarrow.float64(), safe=False).to_numpy()
            if np.all(np.isfinite(times)):
                return _integers(column, times)
        except pyarrow.ArrowException:
            pass  # a number that Python alone parses, or an error
    parsed = []
    for row, value in enumerate(column.to_pylist()):
        try:
            parsed.append(parse_time(value))
        except ValueError as error:
            raise UserError(f"{position(start + row)}: {error}") from error
    integers = all(isinstance(time, int) and abs(time) < 2**63 for time in parsed)
    return np.array(parsed, np.int64 if integers else np.float64)


def _integers(column: pyarrow.Array, times: Float[np.ndarray, " N"]) -> Num[np.ndarray, " N"]:
    try:
        return column.cast(pyarrow.int64()).to_numpy()
    except pyarrow.ArrowException:
        return times


def _repeated_row(users: Int[np.ndarray, " N"], items: Int[np.ndarray, " N"], times: np.ndarray) -> int | None:
    """The first row that has the user, the item and the time of an earlier one."""
    order = np.lexsort((items, times, users))
    earlier, later = order[:-1], order[1:]
    repeated = users[earlier] == users[later]
    for values in (items, times):
        repeated &= values[earlier] == values[later]
    return int(later[repeated].min()) if repeated.any() else None


def _unsorted_row(users: Int[np.ndarray, " N"], times: np.ndarray) -> int | None:
    """The first row whose time is before that of the same user's previous row."""
    order = np.argsort(users, kind="stable")
    earlier, later = order[:-1], order[1:]
    unsorted = (users[earlier] == users[later]) & (times[later] < times[earlier])
    return int(later[unsorted].min()) if unsorted.any() else None
