"""Turns an interaction log into a data set: k-core filtering and the leave-one-out split."""

import dataclasses
import itertools

import numpy as np
from jaxtyping import Int, Num

from timesuite_jax.data.interactions.dataset import Interactions
from timesuite_jax.errors import UserError

MIN_ITEMS = 3  # of a user in the leave-one-out split: one each for training, validation and test


@dataclasses.dataclass(frozen=True)
class InteractionLog:
    """The rows of a log, in order.

    Attributes:
      users: index into `user_names` of each row.
      items: index into `item_names` of each row.
      times: time of each row, in a unit of the file.
      user_names: in the order in which they first appear.
      item_names: in the order in which they first appear.
    """

    users: Int[np.ndarray, " N"]
    items: Int[np.ndarray, " N"]
    times: Num[np.ndarray, " N"]
    user_names: tuple[str, ...]
    item_names: tuple[str, ...]

    def select(self, rows: Int[np.ndarray, " K"]) -> "InteractionLog":
        """Returns the log of these rows, with the users and items that remain in them renumbered."""
        users, user_names = _renumber(self.users[rows], self.user_names)
        items, item_names = _renumber(self.items[rows], self.item_names)
        return InteractionLog(users, items, self.times[rows], user_names, item_names)

    def sort(self) -> "InteractionLog":
        """Returns the log sorted by time; rows of the same time keep their order."""
        order = np.argsort(self.times, kind="stable")
        return dataclasses.replace(self, users=self.users[order], items=self.items[order], times=self.times[order])


def _renumber(ids: Int[np.ndarray, " K"], names: tuple[str, ...]) -> tuple[Int[np.ndarray, " K"], tuple[str, ...]]:
    present = np.bincount(ids, minlength=len(names)) > 0
    return (np.cumsum(present) - 1)[ids], tuple(itertools.compress(names, present))


def k_core(log: InteractionLog, k: int) -> InteractionLog:
    """Returns the largest part of a log in which every user and every item has at least `k` rows.

    Raises:
      UserError: if that is empty.
    """
    rows, users, items = np.arange(len(log.users)), log.users, log.items
    while True:
        frequent = (np.bincount(users)[users] >= k) & (np.bincount(items)[items] >= k)
        if frequent.all():
            break
        rows, users, items = rows[frequent], users[frequent], items[frequent]
    if not len(rows):
        raise UserError(f"no users and items have {k} interactions each; lower --core")
    return log if len(rows) == len(log.users) else log.select(rows)


def leave_one_out(log: InteractionLog) -> Interactions:
    """Splits a log: each user's newest item for testing, the one before for validation, the rest for training.

    Items and users keep their indices and names.

    Raises:
      UserError: if a user has fewer than three items.
    """
    counts = np.bincount(log.users, minlength=len(log.user_names))
    if np.any(too_few := counts < MIN_ITEMS):
        user = int(np.argmax(too_few))
        raise UserError(
            f"user {log.user_names[user]} has {counts[user]} of the {MIN_ITEMS} items required for training, "
            f"validation and test ({np.sum(too_few)} such users); use the {MIN_ITEMS}-core, or a higher one"
        )
    items = log.items[np.argsort(log.users, kind="stable")].astype(np.int32)
    ends = np.cumsum(counts)
    held_out = np.stack([ends - 2, ends - 1])
    start = np.concatenate([[0], np.cumsum(counts - 2)]).astype(np.int32)
    training = np.delete(items, held_out.ravel())
    validation, test = items[held_out]
    return Interactions(start, training, validation, test, len(log.item_names), log.user_names, log.item_names)
