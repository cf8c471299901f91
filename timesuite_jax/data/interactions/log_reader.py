"""Reads an interaction log: separated values, JSON lines or Parquet, see `log_file`.

Users and items have any names. Times are numbers of any unit, or dates, see `times`. Rows are sorted by time, at least
within each user, unless they are to be sorted.

Logs have tens of millions of rows: only arrays have one entry a row, and Python objects exist for distinct names alone.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple, cast

import numpy as np
import pyarrow

from timesuite_jax.data.interactions.log import InteractionLog
from timesuite_jax.data.interactions.log_batches import log_batches, row_position
from timesuite_jax.data.interactions.log_file import LogFile
from timesuite_jax.data.interactions.name_columns import encode_names, unify_names
from timesuite_jax.data.interactions.row_error import RowError
from timesuite_jax.data.interactions.row_order import repeated_rows, unsorted_rows
from timesuite_jax.data.interactions.times import Times, join_times, parse_times
from timesuite_jax.errors import UserError

OnDuplicate = Literal["reject", "drop", "keep"]


class ReadLog(NamedTuple):
    """A log and what was found in it.

    Attributes:
      log: its rows.
      duplicates: rows that repeat the user, the item and the time of an earlier one, dropped or kept.
    """

    log: InteractionLog
    duplicates: int


def read_log(
    file: LogFile,
    *,
    sort: bool = False,
    on_duplicate: OnDuplicate = "reject",
    on_progress: Callable[[int], None] = lambda rows: None,
) -> ReadLog:
    """Reads a log.

    Args:
      file: from `log_file.open_log`, with all three columns.
      sort: sort the rows by time (stably) instead of rejecting unsorted ones.
      on_duplicate: what to do with rows that repeat user, item and time of an earlier one: reject the log, drop these
        rows, or keep them.
      on_progress: called with the number of rows in each batch read.

    Raises:
      UserError: if the file cannot be read, has no rows, an invalid name or time, repeated rows (if they are to be
        rejected), or (without `sort`) users whose rows are not sorted by time; with the line and the number.
    """
    log = read_interactions(file, on_progress)
    repeated = repeated_rows(log)
    if len(repeated) and on_duplicate == "reject":
        raise UserError(
            f"{len(repeated)} of {len(log.users)} rows repeat the user, the item and the time of an earlier row, first "
            f"{row_position(file, repeated[0])}: user {log.user_names[log.users[repeated[0]]]}, "
            f"item {log.item_names[log.items[repeated[0]]]}; pass --on-duplicate drop to read each of them once, or "
            "--on-duplicate keep"
        )
    if not sort and len(unsorted := unsorted_rows(log)):
        users = len(np.unique(log.users[unsorted]))
        raise UserError(
            f"{row_position(file, unsorted[0])}: timestamps of user {log.user_names[log.users[unsorted[0]]]} are not "
            f"sorted ({len(unsorted)} such rows of {users} users); sort the file by time, or pass --sort"
        )
    if len(repeated) and on_duplicate == "drop":
        log = log.select(np.delete(np.arange(len(log.users)), repeated))
    return ReadLog(log.sort() if sort else log, len(repeated))


def read_interactions(file: LogFile, on_progress: Callable[[int], None] = lambda rows: None) -> InteractionLog:
    """Reads the rows of a log as they are; without a column of users they are of a user "0", without times in order.

    Raises:
      UserError: if the file cannot be read, has no rows, or an invalid name or time; with the line.
    """
    try:
        return _read(file, on_progress)
    except RowError as error:
        raise UserError(f"{row_position(file, error.row)}: {error}") from error


def _read(file: LogFile, on_progress: Callable[[int], None]) -> InteractionLog:
    encoded: tuple[list[pyarrow.Array], list[pyarrow.Array]] = [], []
    times: list[Times] = []
    read = 0
    for users, items, instants in log_batches(file):
        if not (number := len(cast(pyarrow.Array, items))):
            continue
        try:
            encoded[0].append(encode_names(pyarrow.repeat("0", number) if users is None else users, "user"))
            encoded[1].append(encode_names(items, "item"))
            times.append(Times(np.arange(read, read + number)) if instants is None else parse_times(instants))
        except RowError as error:
            raise RowError(read + error.row, str(error)) from error
        read += number
        on_progress(number)
    if not read:
        raise UserError(f"{file.path} contains no rows after its header; give a file with interactions")
    joined = join_times(times)
    times.clear()
    users, user_names = unify_names(encoded[0], "user")
    items, item_names = unify_names(encoded[1], "item")
    return InteractionLog(users, items, joined, user_names, item_names)
