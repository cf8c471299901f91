"""Packs histories of users into rows of one length, with little padding.

Most histories are short and few are long: padded to the longest, nine slots in ten of a batch are padding. Each packed
row contains as many whole histories as fit; the model must not attend from one to another (see `model.Mqsa`, which
masks by `segments` and reads `positions`).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int


class Packing(NamedTuple):
    """The positions of the items of left-padded histories in packed rows.

    Attributes:
      user: row of each item in the padded histories.
      slot: slot of each item there, which is its absolute position.
      place: index of each item in the flattened packed rows.
      shape: number and length of the packed rows.
    """

    user: Int[np.ndarray, " items"]
    slot: Int[np.ndarray, " items"]
    place: Int[np.ndarray, " items"]
    shape: tuple[int, int]

    def scatter(self, values: Int[np.ndarray, " items"], fill: int) -> Int[np.ndarray, "rows S"]:
        """Returns packed rows with the values of the items, and `fill` in padding."""
        rows = np.full(self.shape, fill, np.int32)
        rows.reshape(-1)[self.place] = values
        return rows


def pack(valid: Bool[np.ndarray, "B S"], multiple: int, min_rows: int = 0) -> Packing:
    """Packs histories into rows of the same length S by first-fit decreasing.

    Args:
      valid: slots of left-padded histories that contain an item.
      multiple: the number of rows is a multiple of this, so that batches of similar sizes have the same shape.
        Rows are distributed round-robin: each of `multiple` equal shares of the rows has a similar number of items.
      min_rows: lower bound of the number of rows.
    """
    histories, length = valid.shape
    lengths = valid.sum(axis=1)
    row, offset = np.zeros((2, histories), np.int64)
    free = np.full(histories, length)
    for history in np.argsort(-lengths, kind="stable"):
        row[history] = np.argmax(free >= lengths[history])
        offset[history] = length - free[row[history]]
        free[row[history]] -= lengths[history]
    used = int(np.count_nonzero(free < length))
    share = max(-(-max(used, min_rows) // multiple), 1)
    row = row % multiple * share + row // multiple
    user, slot = np.nonzero(valid)
    place = row[user] * length + offset[user] + slot - (length - lengths[user])
    return Packing(user, slot, place, (share * multiple, length))
