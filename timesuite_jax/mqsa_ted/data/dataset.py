"""Who took which items in which order, for sequential recommendation, split as the field splits it.

Leave-one-out: of each user's items in the order of time the last is for testing, the one before for validation, and
the rest is for training. Ids count from 0 without gaps.
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

_ARRAYS = ("user_ptr", "items", "validate_item", "test_item", "num_user", "num_item")
_NAMES = ("user_names", "item_names")  # need not be there


@dataclasses.dataclass(frozen=True)
class Interactions:
    """A data set, split.

    Attributes:
      start: user u's training items are `items[start[u]:start[u + 1]]`, oldest first.
      items: training items of all users, one user after another.
      validation: one item a user.
      test: one item a user, the newest.
      num_items: ids are below this.
      user_names: of each user, where they are known.
      item_names: of each item, where they are known.
    """

    start: Int[np.ndarray, " U_plus_1"]
    items: Int[np.ndarray, " items"]
    validation: Int[np.ndarray, " U"]
    test: Int[np.ndarray, " U"]
    num_items: int
    user_names: tuple[str, ...] | None = None
    item_names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Refuses arrays that are no data set.

        Raises:
          UserError: naming the first user or item that is wrong.
        """
        start, users = self.start, len(self.start) - 1
        if users < 1:
            raise UserError("the interactions hold no user; give at least one with three items")
        if start[0] != 0 or start[-1] != len(self.items) or np.any(np.diff(start) < 0):
            raise UserError(
                f"user_ptr does not divide the {len(self.items)} training items; it must rise from 0 to that"
            )
        for name, held in (("validation", self.validation), ("test", self.test)):
            if len(held) != users:
                raise UserError(f"{len(held)} {name} items for {users} users; give one each")
        if np.any(empty := np.diff(start) == 0):
            raise UserError(
                f"user {np.argmax(empty)} has no training item; leave out users with fewer than three items"
            )
        for name, ids in (("training", self.items), ("validation", self.validation), ("test", self.test)):
            if np.any(strange := (ids < 0) | (ids >= self.num_items)):
                raise UserError(
                    f"{name} item {ids[np.argmax(strange)]} is unknown: ids run from 0 to {self.num_items - 1}"
                )
        for kind, names, number in (("user", self.user_names, users), ("item", self.item_names, self.num_items)):
            if names is not None and not len(set(names)) == len(names) == number:
                raise UserError(f"{len(set(names))} different {kind} names for {number} {kind}s; give one each")

    @property
    def num_users(self) -> int:
        """Users, each of whom has training items."""
        return len(self.start) - 1

    def item_checksum(self) -> int:
        """Of what the ids of items mean: their number, and their names in the order of ids where they have names."""
        return zlib.crc32(json.dumps([self.num_items, self.item_names]).encode())

    @classmethod
    def load(cls, path: Path) -> "Interactions":
        """Reads an `.npz` with the arrays user_ptr, items, validate_item, test_item, num_user and num_item.

        It may hold user_names and item_names, too, as strings or as UTF-8 in bytes.

        Raises:
          UserError: if it cannot be read, lacks an array, or is no data set.
        """
        file = read_arrays(path, f"give an .npz with the arrays {', '.join(_ARRAYS)}, none of them pickled")
        if lacking := [name for name in _ARRAYS if name not in file]:
            raise UserError(f"{path} lacks {', '.join(lacking)}; it must hold {', '.join(_ARRAYS)}")
        # As int32 throughout: 16 bits hold the ids of small sets, but not sums and products of them.
        start, items, validation, test, users, num_items = (_whole_numbers(path, name, file[name]) for name in _ARRAYS)
        names = {name: _strings(path, name, file[name]) for name in _NAMES if name in file}
        if users != len(start) - 1:
            raise UserError(
                f"{path}: num_user={users}, but user_ptr is for {len(start) - 1} users; correct one of them"
            )
        return cls(start, items, validation, test, int(num_items), **names)

    def save(self, path: Path) -> None:
        """Writes what `load` reads. The file appears under its name only when it is complete.

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
            raise UserError(f"cannot write {path}: {error.strerror}; choose another place") from error


def describe(data: Interactions) -> dict[str, float]:
    """Sizes of a data set: users, items, interactions (held-out ones too), sparsity, and what training never shows."""
    users, number = data.num_users, len(data.items) + 2 * data.num_users
    return {
        "users": users,
        "items": data.num_items,
        "interactions": number,
        "sparsity": 1.0 - number / (users * data.num_items),
        "mean_length": number / users,
        "untrained_items": data.num_items - len(np.unique(data.items)),
    }


def _strings(path: Path, name: str, names: np.ndarray) -> tuple[str, ...]:
    try:
        if names.dtype.kind == "S":
            names = np.char.decode(names, "utf-8")
        if names.dtype.kind != "U" or names.ndim != 1:
            raise ValueError(f"names are {names.dtype} of {names.ndim} dimensions, not strings of one")
    except ValueError as error:
        raise UserError(f"{path}: {name} cannot be read: {error}; write them in UTF-8") from error
    return tuple(names.tolist())


def _whole_numbers(path: Path, name: str, array: np.ndarray) -> Int[np.ndarray, "..."]:
    rank = 0 if name.startswith("num_") else 1
    if array.ndim != rank or not np.issubdtype(array.dtype, np.integer):
        raise UserError(
            f"{path}: {name} is {array.dtype} of {array.ndim} dimensions; it must be whole numbers of {rank}"
        )
    if not np.array_equal(whole := array.astype(np.int32), array):
        raise UserError(f"{path}: {name} has a number that 32 bits do not hold; let ids count from 0 without gaps")
    return whole
