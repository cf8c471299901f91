"""From a log of who took what and when to a data set: reading, the k-core, leave-one-out.

The log is a CSV file with a header, or a Parquet file, with the columns `user`, `item` and `time`; other columns are
left alone. Users and items may have any names, times are numbers of any unit, or in Parquet moments, which are read as
seconds since 1970 (as UTC where they name no zone). Rows stand in the order of time, at least within each user, unless
they are to be sorted.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted.data.csv_fields import check_columns, csv_rows, read_name, read_time
from timesuite_jax.mqsa_ted.data.dataset import Interactions

COLUMNS = ("user", "item", "time")
SPLIT = 3  # items of a user that leave-one-out needs: one each for training, validation and test
_TOLD = 10_000  # rows read between two words of progress: one for each row would cost more than the row


@dataclasses.dataclass(frozen=True)
class InteractionLog:
    """Rows of a log, in its order.

    Attributes:
      users: of each row, index of `user_names`.
      items: of each row, index of `item_names`.
      times: of each row, as exactly as a float has them.
      user_names: in the order in which they first appear.
      item_names: in the order in which they first appear.
    """

    users: Int[np.ndarray, " N"]
    items: Int[np.ndarray, " N"]
    times: Float[np.ndarray, " N"]
    user_names: tuple[str, ...]
    item_names: tuple[str, ...]

    def kept(self, rows: Int[np.ndarray, " K"]) -> "InteractionLog":
        """The log with these rows only, and the users and items that remain in them."""
        users, user_names = _renumbered(self.users[rows], self.user_names)
        items, item_names = _renumbered(self.items[rows], self.item_names)
        return InteractionLog(users, items, self.times[rows], user_names, item_names)


def _renumbered(ids: np.ndarray, names: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    remaining, renumbered = np.unique(ids, return_inverse=True)
    return renumbered, tuple(names[old] for old in remaining)


def read_log(
    path: Path,
    columns: Sequence[str] | None = None,
    *,
    sort: bool = False,
    on_progress: Callable[[int], None] = lambda rows: None,
) -> InteractionLog:
    """Reads a CSV or a Parquet file.

    Args:
      path: ends in `.parquet`, or is CSV.
      columns: what the columns of users, of items and of times are called, if not user, item and time.
      sort: bring the rows into the order of time (those of one time stay as they stand) instead of refusing others.
      on_progress: told how many more rows were read.

    Raises:
      UserError: on a file without rows or columns, a time that is no number, a row that stands twice, or a user whose
        rows are not in the order of time; with the line.
    """
    columns = columns or COLUMNS
    users: dict[str, int] = {}
    items: dict[str, int] = {}
    rows: list[tuple[int, int, int | float]] = []
    newest: dict[int, int | float] = {}
    seen: set[tuple[int, int, int | float]] = set()
    for where, user_name, item_name, when in (_parquet if path.suffix == ".parquet" else _csv)(path, columns):
        user = users.setdefault(read_name(user_name, "user", where), len(users))
        item = items.setdefault(read_name(item_name, "item", where), len(items))
        time = read_time(when, where)
        row = user, item, time
        if row in seen:
            raise UserError(f"{where} stands twice: user {user_name}, item {item_name}; remove one of them")
        if not sort and time < newest.get(user, -np.inf):
            raise UserError(f"{where}: user {user_name} goes back in time; sort the file by time, or have it sorted")
        newest[user] = time
        seen.add(row)
        rows.append(row)
        if len(rows) % _TOLD == 0:
            on_progress(_TOLD)
    if not rows:
        raise UserError(f"{path} holds no interaction; it has a header and no row")
    if sort:
        rows.sort(key=lambda row: row[2])
    user, item, time = zip(*rows, strict=True)
    return InteractionLog(np.array(user), np.array(item), np.array(time, float), tuple(users), tuple(items))


_Row = tuple[str, object, object, object]  # where it stands; user, item, time as the file has them


def _csv(path: Path, columns: Sequence[str]) -> Iterator[_Row]:
    for where, row in csv_rows(path, columns):
        user, item, time = (row[column] for column in columns)
        yield where, user, item, time


def _parquet(path: Path, columns: Sequence[str]) -> Iterator[_Row]:
    import pyarrow  # a fifth of a second that readers of CSV need not wait
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            check_columns(path, file.schema_arrow.names, columns)
            number = 0
            for batch in file.iter_batches(columns=list(columns)):
                for row in zip(*(_plain(batch[column]) for column in columns), strict=True):
                    number += 1
                    yield f"{path}, row {number}", *row
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise UserError(f"cannot read {path}: {' '.join(str(error).split())}; give a Parquet file") from error


def _plain(column: Any) -> list[object]:
    """Moments as seconds since 1970, by Arrow: Python would take those without a zone to be in the machine's own."""
    import pyarrow

    if pyarrow.types.is_binary(column.type):  # as some programs write text
        column = column.cast(pyarrow.string())
    if not pyarrow.types.is_timestamp(column.type):
        return column.to_pylist()
    # To the microsecond, which is as fine as a float is in our days.
    whole = column.cast(pyarrow.timestamp("us", column.type.tz), safe=False).cast(pyarrow.int64())
    return [None if moment is None else moment / 1e6 for moment in whole.to_pylist()]


def k_core(log: InteractionLog, k: int) -> InteractionLog:
    """The largest part of a log in which every user and every item has at least `k` rows.

    Raises:
      UserError: if nothing is left.
    """
    while True:
        often = [np.bincount(ids)[ids] >= k for ids in (log.users, log.items)]
        rows = np.flatnonzero(np.logical_and(*often))
        if len(rows) == len(log.users):
            return log
        if not len(rows):
            raise UserError(f"no user and item are left that have {k} interactions each; lower --core")
        log = log.kept(rows)


def leave_one_out(log: InteractionLog) -> Interactions:
    """Splits a log: each user's newest item for testing, the one before for validation, the rest for training.

    Items and users keep the log's numbers and names.

    Raises:
      UserError: if a user has fewer than three items.
    """
    counts = np.bincount(log.users, minlength=len(log.user_names))
    if np.any(few := counts < SPLIT):
        user = int(np.argmax(few))
        raise UserError(
            f"user {log.user_names[user]} has {counts[user]} of the {SPLIT} items that training, validation and test "
            f"need ({np.sum(few)} such users); take the {SPLIT}-core, or more"
        )
    items = log.items[np.argsort(log.users, kind="stable")].astype(np.int32)
    ends = np.cumsum(counts)
    held = np.stack([ends - 2, ends - 1])
    start = np.concatenate([[0], np.cumsum(counts - 2)]).astype(np.int32)
    rest = np.delete(items, held.ravel())
    validation, test = items[held]
    return Interactions(start, rest, validation, test, len(log.item_names), log.user_names, log.item_names)
