"""From a log of who took what and when to a data set: reading, the k-core, leave-one-out.

The log is a CSV file with a header that names the columns `user`, `item` and `time`; other columns are left alone.
Users and items may have any names, times are numbers of any unit. Rows stand in the order of time, at least within each
user.
"""

import csv
import dataclasses
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from timesuite_jax.data.interactions import Interactions
from timesuite_jax.errors import UserError

COLUMNS = ("user", "item", "time")
SPLIT = 3  # items of a user that leave-one-out needs: one each for training, validation and test


@dataclasses.dataclass(frozen=True)
class InteractionLog:
    """Rows of a log, in its order.

    Attributes:
      users: of each row, index of `user_names`.
      items: of each row, index of `item_names`.
      times: of each row.
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


def read_log(path: Path) -> InteractionLog:
    """Reads a CSV file.

    Raises:
      UserError: on a file without rows or columns, a time that is no number, a row that stands twice, or a user whose
        rows are not in the order of time; with the line.
    """
    users: dict[str, int] = {}
    items: dict[str, int] = {}
    rows: list[tuple[int, int, float]] = []
    newest: dict[int, float] = {}
    seen: set[tuple[int, int, float]] = set()
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            lacking = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if lacking:
                raise UserError(
                    f"{path} has no column {', '.join(lacking)}; its first line must name user, item and time"
                )
            for row in reader:
                where = f"{path}, line {reader.line_num}"
                user = users.setdefault(_named(row, "user", where), len(users))
                entry = user, items.setdefault(_named(row, "item", where), len(items)), _time(row, where)
                if entry in seen:
                    raise UserError(f"{where} stands twice: user {row['user']}, item {row['item']}; remove one of them")
                if entry[2] < newest.get(user, -np.inf):
                    raise UserError(f"{where}: user {row['user']} goes back in time; sort the file by time")
                newest[user] = entry[2]
                seen.add(entry)
                rows.append(entry)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"cannot read {path}: {error}; give a CSV file in UTF-8") from error
    if not rows:
        raise UserError(f"{path} holds no interaction; it has a header and no row")
    user, item, time = (np.array(column) for column in zip(*rows, strict=True))
    return InteractionLog(user, item, time, tuple(users), tuple(items))


def _named(row: dict[str, str | None], column: str, where: str) -> str:
    if not (name := (row[column] or "").strip()):
        raise UserError(f"{where} names no {column}; fill it in or remove the line")
    return name


def _time(row: dict[str, str | None], where: str) -> float:
    try:
        time = float(row["time"] or "")
    except ValueError:
        time = np.nan
    if not np.isfinite(time):
        raise UserError(f"{where}: time {row['time']!r} is no number; give seconds, or any number that grows with time")
    return time


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
            raise UserError(f"no user and item are left that have {k} interactions each; lower k")
        log = log.kept(rows)


def leave_one_out(log: InteractionLog) -> Interactions:
    """Splits a log: each user's newest item for testing, the one before for validation, the rest for training.

    Items keep the log's numbers, so that `item_names` names them; so do users.

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
    return Interactions(start, np.delete(items, held.ravel()), *items[held], num_items=len(log.item_names))
