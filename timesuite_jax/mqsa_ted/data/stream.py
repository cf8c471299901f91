"""The training stream of a recommender: every user's history once an epoch, with an exact position.

The data sets of the field are a few megabytes, so that there is nothing to read ahead. The order is the original's for
the same seed, and so are the batches: the last of an epoch has the users that are left. Their histories lie packed in
rows, hardly an eighth as many as there are users.
"""

import math
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Shaped

from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted.data.dataset import Interactions
from timesuite_jax.mqsa_ted.data.histories import epoch_orders, training_pairs
from timesuite_jax.mqsa_ted.data.packing import pack

PADDING_SEGMENT = -1  # stands for a user at padding


class UserStream:
    """Endless batches of this process's rows, all [R, max_len], as `Mqsa` reads them.

    `items`, `targets` (what followed them), `positions` (in a left-padded history) and `segments` (users;
    `PADDING_SEGMENT` at padding). R depends on how long the histories of a batch are.

    Args:
      data: whose training items are read.
      max_len: length of a history.
      batch_size: users of a batch, of all processes together.
      row_multiple: R, of all processes together, is a multiple of this, and of their number.
      seed: of the order.
      process_index: this process.
      process_count: processes of the run.
      checksums: of what else must be the same when a run goes on, by name.
    """

    def __init__(
        self,
        data: Interactions,
        max_len: int,
        batch_size: int,
        *,
        row_multiple: int,
        seed: int,
        process_index: int = 0,
        process_count: int = 1,
        checksums: Mapping[str, int] | None = None,
    ):
        self._data, self._max_len = data, max_len
        self._users, self._padding = data.num_users, data.num_items
        self._batch_size, self._row_multiple, self._seed = batch_size, math.lcm(row_multiple, process_count), seed
        self._process_index, self._process_count = process_index, process_count
        self._checksums = {
            "items": zlib.crc32(data.items.tobytes()),
            "split": zlib.crc32(np.concatenate([data.start, data.validation, data.test]).tobytes()),
            "item_checksum": data.item_checksum(),
            **(checksums or {}),
        }
        self.set_state(self._state(0))

    @property
    def batches(self) -> int:
        """Batches of an epoch."""
        return -(-self._users // self._batch_size)

    def __iter__(self) -> "UserStream":
        return self

    def __next__(self) -> dict[str, Shaped[np.ndarray, "..."]]:
        place = self._step % self.batches
        if place == 0:
            self._order = next(self._orders)
        users = self._order[place * self._batch_size : (place + 1) * self._batch_size]
        self._step += 1
        items, targets = training_pairs(self._data, self._max_len, users)
        # Each process lays out the whole batch and takes its rows: their number is then the same in all of them.
        packing = pack(items != self._padding, self._row_multiple)
        share = packing.shape[0] // self._process_count
        mine = slice(self._process_index * share, (self._process_index + 1) * share)
        who, slot = packing.user, packing.slot
        return {
            "items": packing.lay(items[who, slot], self._padding)[mine],
            "targets": packing.lay(targets[who, slot], self._padding)[mine],
            "positions": packing.lay(slot, 0)[mine],
            "segments": packing.lay(users[who], PADDING_SEGMENT)[mine],
        }

    def _state(self, step: int) -> dict[str, Any]:
        return {
            "next_batch": step,
            "seed": self._seed,
            "users": self._users,
            **self._checksums,
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
            # Runs from before there was some checksum go on without it.
            if key != "next_batch" and state.get(key, own if key in self._checksums else None) != own:
                raise UserError(
                    f"the saved data position has {key} {state.get(key)}, this run has {own}; resume with the same "
                    "data, seed and batch size, or start a new run"
                )
        self._step = int(state["next_batch"])
        epoch, place = divmod(self._step, self.batches)
        self._orders = epoch_orders(self._users, self._seed)
        for _ in range(epoch + (place > 0)):
            self._order = next(self._orders)

    def sample_names(self, batch: Mapping[str, Shaped[np.ndarray, "..."]]) -> list[str]:
        """The users of a batch, by number."""
        return [f"user {user}" for user in np.unique(batch["segments"]) if user != PADDING_SEGMENT]

    def report(self) -> dict[str, dict[str, Any]]:
        """Empty: only items beyond the longest history are cut."""
        return {}

    def close(self) -> None:
        """Nothing is open."""
