"""The training stream of a recommender: every user's history once an epoch, with an exact position.

The data sets of the field are a few megabytes, so that there is nothing to read ahead. The order is the original's for
the same seed, and so are the batches: the last of an epoch has the users that are left, and is filled up with rows of
padding, which add nothing to any sum.
"""

import zlib
from typing import Any

import numpy as np

from timesuite_jax.data.histories import epoch_orders, training_pairs
from timesuite_jax.data.interactions import Interactions
from timesuite_jax.errors import UserError

NOBODY = -1  # stands for a user in the rows that fill a batch up


class UserStream:
    """Endless batches of this process's rows: `items` and `targets` [B, max_len], `sample` [B] (users).

    Args:
      data: whose training items are read.
      max_len: length of a history.
      batch_size: of all processes together.
      seed: of the order.
      process_index: this process.
      process_count: processes of the run.

    Raises:
      UserError: if the batch does not divide.
    """

    def __init__(
        self,
        data: Interactions,
        max_len: int,
        batch_size: int,
        *,
        seed: int,
        process_index: int = 0,
        process_count: int = 1,
    ):
        if batch_size % process_count:
            raise UserError(f"batch_size {batch_size} is not a multiple of the {process_count} processes")
        # One row more than there are users, of padding: the one that NOBODY, as an index, reads.
        self._pairs = [
            np.pad(rows, ((0, 1), (0, 0)), constant_values=data.num_items) for rows in training_pairs(data, max_len)
        ]
        self._users, self._batch_size, self._seed = data.num_users, batch_size, seed
        share = batch_size // process_count
        self._mine = slice(process_index * share, (process_index + 1) * share)
        self._crc = zlib.crc32(data.items.tobytes())
        self.set_state(self._state(0))

    @property
    def batches(self) -> int:
        """Batches of an epoch."""
        return -(-self._users // self._batch_size)

    def __iter__(self) -> "UserStream":
        return self

    def __next__(self) -> dict[str, np.ndarray]:
        place = self._step % self.batches
        if place == 0:
            self._order = next(self._orders)
        users = self._order[place * self._batch_size : (place + 1) * self._batch_size]
        users = np.pad(users, (0, self._batch_size - len(users)), constant_values=NOBODY)[self._mine]
        self._step += 1
        items, targets = (rows[users] for rows in self._pairs)
        return {"items": items, "targets": targets, "sample": users}

    def _state(self, step: int) -> dict[str, Any]:
        return {
            "next_batch": step,
            "seed": self._seed,
            "users": self._users,
            "items": self._crc,
            "batch_size": self._batch_size,
        }

    def get_state(self) -> dict[str, Any]:
        """The same in all processes, and independent of their number."""
        return self._state(self._step)

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes to a place given by `get_state`. Orders build on one another, so they are gone through again.

        Raises:
          UserError: the state belongs to other data, another seed or another batch size.
        """
        for key, own in self._state(0).items():
            if key != "next_batch" and state.get(key) != own:
                raise UserError(
                    f"the saved data position has {key} {state.get(key)}, this run has {own}; resume with the same "
                    "data, seed and batch size, or start a new run"
                )
        self._step = int(state["next_batch"])
        epoch, place = divmod(self._step, self.batches)
        self._orders = epoch_orders(self._users, self._seed)
        for _ in range(epoch + (place > 0)):
            self._order = next(self._orders)

    def close(self) -> None:
        """Nothing is open."""
