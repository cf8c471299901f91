"""The training stream of a recommender: each user's history once per epoch, with a resumable position.

Data sets are a few megabytes, so nothing is prefetched. Order and batches equal upstream's for the same seed; the last
batch of an epoch has the remaining users. Histories are packed into rows, about an eighth as many as users.
"""

import math
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Int, Shaped

from timesuite_jax.data.interactions.dataset import Interactions
from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted.data.histories import epoch_orders, training_pairs
from timesuite_jax.mqsa_ted.data.packing import pack

PADDING_SEGMENT = -1  # user of padding slots


class UserStream:
    """Endless iterator over this process's rows of batches, the inputs of `Mqsa`.

    Each batch has `items`, `targets` (the next items), `positions` (in a left-padded history) and `segments` (users;
    `PADDING_SEGMENT` in padding), all int32 [R, max_len]. R depends on the lengths of the batch's histories.

    Args:
      data: interactions; only training items are read.
      max_len: length of a history.
      batch_size: users per batch, over all processes.
      row_multiple: R over all processes is a multiple of this and of their number.
      seed: of the order of users.
      process_index: index of this process.
      process_count: number of processes.
      checksums: named checksums of other inputs that must not change when a run resumes.
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
        self.set_state(self._state(0, 0))

    @property
    def batches(self) -> int:
        """Batches per epoch."""
        return -(-self._users // self._batch_size)

    def __iter__(self) -> "UserStream":
        return self

    def __next__(self) -> dict[str, Shaped[np.ndarray, "..."]]:
        if self._next_user == 0:
            self._order = next(self._orders)
        users = self._order[self._next_user : self._next_user + self._batch_size]
        self._next_user += len(users)
        if self._next_user == self._users:
            self._epoch, self._next_user = self._epoch + 1, 0
        return self.batch(users)

    def batch(self, users: Int[np.ndarray, " B"]) -> dict[str, Shaped[np.ndarray, "..."]]:
        """Returns this process's rows of the batch of these users."""
        items, targets = training_pairs(self._data, self._max_len, users)
        # Each process packs the whole batch and takes its share of rows, so that all have the same number.
        packing = pack(items != self._padding, self._row_multiple)
        share = packing.shape[0] // self._process_count
        local = slice(self._process_index * share, (self._process_index + 1) * share)
        user, slot = packing.user, packing.slot
        return {
            "items": packing.scatter(items[user, slot], self._padding)[local],
            "targets": packing.scatter(targets[user, slot], self._padding)[local],
            "positions": packing.scatter(slot, 0)[local],
            "segments": packing.scatter(users[user], PADDING_SEGMENT)[local],
        }

    def _state(self, epoch: int, next_user: int) -> dict[str, Any]:
        return {"epoch": epoch, "next_user": next_user, **self._fixed}

    @property
    def _fixed(self) -> dict[str, int]:
        """The part of a position that is the same throughout a run."""
        return {"seed": self._seed, "users": self._users, **self._checksums}

    def get_state(self) -> dict[str, Any]:
        """Returns the position; it is equal in all processes, and independent of their number."""
        return self._state(self._epoch, self._next_user)

    def set_state(self, state: dict[str, Any]) -> None:
        """Restores a position from `get_state`, of a stream with any batch size.

        Replays the orders of earlier epochs, since each depends on the last.

        Raises:
          UserError: if the position is one of other data or another seed.
        """
        for key, own in self._fixed.items():
            # Older runs lack some checksums.
            if state.get(key, own if key in self._checksums else None) != own:
                raise UserError(
                    f"the saved data position has {key} {state.get(key)}, this run has {own}; resume with the same "
                    "data and seed, or start a new run"
                )
        if "next_batch" in state:  # older runs count batches
            batches = -(-self._users // int(state["batch_size"]))
            self._epoch, index = divmod(int(state["next_batch"]), batches)
            self._next_user = index * int(state["batch_size"])
        else:
            self._epoch, self._next_user = int(state["epoch"]), int(state["next_user"])
        self._orders = epoch_orders(self._users, self._seed)
        for _ in range(self._epoch + (self._next_user > 0)):
            self._order = next(self._orders)

    def sample_names(self, batch: Mapping[str, Shaped[np.ndarray, "..."]]) -> list[str]:
        """Returns the indices of the users of a batch."""
        return [f"user {user}" for user in np.unique(batch["segments"]) if user != PADDING_SEGMENT]

    def report(self) -> dict[str, dict[str, Any]]:
        """Empty: nothing is dropped but items beyond `max_len`."""
        return {}

    def close(self) -> None:
        """Does nothing: no file is open."""
