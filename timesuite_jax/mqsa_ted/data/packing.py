"""Histories laid one after another in rows of one length, so that hardly a slot is padding.

Users' histories are short and a few are long: padded to the longest, nine slots in ten of a batch hold nothing. Here
each row holds as many whole histories as fit. What reads them must not look from one into the next; see
`models.mqsa.Mqsa`, for which `segments` and `positions` are made.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int


class Packing(NamedTuple):
    """Where the items of left-padded histories lie.

    Attributes:
      user: of each item, the row of the padded histories that it comes from.
      slot: of each item, its slot there; with left-padded histories that is its absolute position.
      place: of each item, its slot in the packed rows laid end to end.
      shape: of the packed rows: their number and length.
    """

    user: Int[np.ndarray, " items"]
    slot: Int[np.ndarray, " items"]
    place: Int[np.ndarray, " items"]
    shape: tuple[int, int]

    def lay(self, values: Int[np.ndarray, " items"], fill: int) -> Int[np.ndarray, "rows S"]:
        """Rows with one value an item, and `fill` where there is none."""
        rows = np.full(self.shape, fill, np.int32)
        rows.reshape(-1)[self.place] = values
        return rows


def pack(valid: Bool[np.ndarray, "B S"], multiple: int, least: int = 0) -> Packing:
    """Lays histories into rows of the same length S, long ones first, each into the first row that has room.

    Args:
      valid: slots of left-padded histories that hold an item.
      multiple: the number of rows is a multiple of this, so that batches of about the same size have the same shape.
        Full rows are dealt out like cards: each of `multiple` equal shares of the rows has about as many items.
      least: there are at least so many rows.
    """
    histories, length = valid.shape
    lengths = valid.sum(axis=1)
    row, offset = np.zeros((2, histories), np.int64)
    room = np.full(histories, length)
    for history in np.argsort(-lengths, kind="stable"):
        row[history] = np.argmax(room >= lengths[history])
        offset[history] = length - room[row[history]]
        room[row[history]] -= lengths[history]
    used = int(np.count_nonzero(room < length))
    share = max(-(-max(used, least) // multiple), 1)
    row = row % multiple * share + row // multiple
    user, slot = np.nonzero(valid)
    place = row[user] * length + offset[user] + slot - (length - lengths[user])
    return Packing(user, slot, place, (share * multiple, length))
