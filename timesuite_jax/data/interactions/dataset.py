"""A data set of user-item interactions for sequential recommendation, with the leave-one-out split.

Of each user's items, sorted by time, the last is the test item, the one before the validation item, and the rest are
the training items. Ids are consecutive integers from 0.
"""

import dataclasses
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from timesuite_jax.errors import UserError
from timesuite_jax.storage.atomic_write import atomic_write
from timesuite_jax.storage.npz import read_arrays
from timesuite_jax.storage.write_errors import cause_of

_ARRAYS = ("user_ptr", "items", "validate_item", "test_item", "num_user", "num_item")
_NAMES = ("user_names", "item_names")  # optional


@dataclasses.dataclass(frozen=True)
class Interactions:
    """A data set with its split.

    Attributes:
      start: user u's training items are `items[start[u]:start[u + 1]]`, oldest first.
      items: training items of all users, concatenated.
      validation: one item per user.
      test: one item per user, the newest.
      num_items: number of items; ids are below it.
      user_names: name of each user, if known.
      item_names: name of each item, if known.
    """

    start: Int[np.ndarray, " U_plus_1"]
    items: Int[np.ndarray, " items"]
    validation: Int[np.ndarray, " U"]
    test: Int[np.ndarray, " U"]
    num_items: int
    user_names: tuple[str, ...] | None = None
    item_names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Checks that the arrays are consistent.

        Raises:
          UserError: with the first invalid user or item.
        """
        start, users = self.start, len(self.start) - 1
        if users < 1:
            raise UserError("the interactions contain no users; give at least one user with three items")
        if start[0] != 0 or start[-1] != len(self.items) or np.any(np.diff(start) < 0):
            raise UserError(
                f"user_ptr does not partition the {len(self.items)} training items; it must increase from 0 to that"
            )
        for name, held_out in (("validation", self.validation), ("test", self.test)):
            if len(held_out) != users:
                raise UserError(f"{len(held_out)} {name} items for {users} users; give one per user")
        if np.any(empty := np.diff(start) == 0):
            raise UserError(f"user {np.argmax(empty)} has no training item; remove users with fewer than three items")
        for name, ids in (("training", self.items), ("validation", self.validation), ("test", self.test)):
            if np.any(invalid := (ids < 0) | (ids >= self.num_items)):
                raise UserError(
                    f"{name} item {ids[np.argmax(invalid)]} is out of range: ids run from 0 to {self.num_items - 1}"
                )
        for kind, names, number in (("user", self.user_names, users), ("item", self.item_names, self.num_items)):
            if names is not None and not len(set(names)) == len(names) == number:
                raise UserError(f"{len(set(names))} distinct {kind} names for {number} {kind}s; give unique names")

    @property
    def num_users(self) -> int:
        """Number of users."""
        return len(self.start) - 1

    def history(self, user: int) -> Int[np.ndarray, " N"]:
        """Returns all items of a user, oldest first, with the held-out ones."""
        training = self.items[self.start[user] : self.start[user + 1]]
        return np.concatenate([training, self.validation[[user]], self.test[[user]]])

    def item_checksum(self) -> int:
        """Checksum of the meaning of item ids: the number of items, and their names in order if known."""
        return zlib.crc32(json.dumps([self.num_items, self.item_names]).encode())

    @classmethod
    def load(cls, path: Path) -> "Interactions":
        """Reads an `.npz` with the arrays user_ptr, items, validate_item, test_item, num_user and num_item.

        It may also contain user_names and item_names, as strings or as UTF-8 bytes.

        Raises:
          UserError: if it cannot be read, lacks an array, or is inconsistent.
        """
        remedy = (
            f"give an .npz with the arrays {', '.join(_ARRAYS)}, none of them pickled, which "
            "`timesuite data interactions` makes of a log"
        )
        file = read_arrays(path, remedy)
        if missing := [name for name in _ARRAYS if name not in file]:
            raise UserError(f"{path} has no array {', '.join(missing)}; it must contain {', '.join(_ARRAYS)}")
        # int32: files may store ids in 16 bits, whose sums and products overflow.
        start, items, validation, test, users, num_items = (_int32(path, name, file[name]) for name in _ARRAYS)
        names = {name: _strings(path, name, file[name]) for name in _NAMES if name in file}
        if users != len(start) - 1:
            raise UserError(f"{path}: num_user={users}, but user_ptr has {len(start) - 1} users; correct one of them")
        return cls(start, items, validation, test, int(num_items), **names)

    def save(self, path: Path) -> None:
        """Writes the file that `load` reads, atomically.

        Raises:
          UserError: if it cannot be written.
        """
        values = self.start, self.items, self.validation, self.test, self.num_users, self.num_items
        arrays: dict[str, Any] = dict(zip(_ARRAYS, map(np.int32, values), strict=True))
        for name in _NAMES:
            if (names := getattr(self, name)) is not None:
                arrays[name] = np.char.encode(np.array(names), "utf-8")
        try:
            with atomic_write(path) as partial, partial.open("wb") as file:
                np.savez_compressed(file, **arrays)
        except OSError as error:
            raise UserError(f"cannot write {path}: {cause_of(error)}; choose another path") from error


def describe(data: Interactions) -> dict[str, float]:
    """Statistics of a data set, with the held-out items.

    "repeats" counts interactions with an item that the user had taken before, "sparsity" is the fraction of pairs of a
    user and an item without an interaction, "untrained_items" those that are only held out.
    """
    users, number = data.num_users, len(data.items) + 2 * data.num_users
    owner = np.concatenate([np.repeat(np.arange(users), np.diff(data.start)), np.arange(users), np.arange(users)])
    pairs = owner * data.num_items + np.concatenate([data.items, data.validation, data.test])
    taken = len(np.unique(pairs))
    return {
        "users": users,
        "items": data.num_items,
        "interactions": number,
        "repeats": number - taken,
        "sparsity": 1.0 - taken / (users * data.num_items),
        "mean_length": number / users,
        "untrained_items": data.num_items - len(np.unique(data.items)),
    }


def _strings(path: Path, name: str, names: np.ndarray) -> tuple[str, ...]:
    try:
        if names.dtype.kind == "S":
            names = np.char.decode(names, "utf-8")
        if names.dtype.kind != "U" or names.ndim != 1:
            raise ValueError(f"names are {names.dtype} of rank {names.ndim}, not strings of rank 1")
    except ValueError as error:
        raise UserError(f"{path}: {name} cannot be read: {error}; encode them in UTF-8") from error
    return tuple(names.tolist())


def _int32(path: Path, name: str, array: np.ndarray) -> Int[np.ndarray, "..."]:
    rank = 0 if name.startswith("num_") else 1
    if array.ndim != rank or not np.issubdtype(array.dtype, np.integer):
        raise UserError(f"{path}: {name} is {array.dtype} of rank {array.ndim}; it must be integers of rank {rank}")
    if not np.array_equal(whole := array.astype(np.int32), array):
        raise UserError(f"{path}: {name} has a number outside the range of int32; number ids consecutively from 0")
    return whole
