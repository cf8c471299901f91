"""Finds rows of a log that repeat earlier ones, and rows that are not sorted by time."""

import numpy as np
from jaxtyping import Int

from timesuite_jax.data.interactions.log import InteractionLog


def repeated_rows(log: InteractionLog) -> Int[np.ndarray, " K"]:
    """Returns the rows, in order, that have the user, the item and the time of an earlier one."""
    order = np.lexsort((log.items, log.times, log.users))  # stable: of equal rows the earliest comes first
    earlier, later = order[:-1], order[1:]
    repeated = log.users[earlier] == log.users[later]
    for values in (log.items, log.times):
        repeated &= values[earlier] == values[later]
    return np.sort(later[repeated])


def unsorted_rows(log: InteractionLog) -> Int[np.ndarray, " K"]:
    """Returns the rows, in order, whose time is before that of the same user's previous row."""
    order = np.argsort(log.users, kind="stable")
    earlier, later = order[:-1], order[1:]
    unsorted = (log.users[earlier] == log.users[later]) & (log.times[later] < log.times[earlier])
    return np.sort(later[unsorted])
