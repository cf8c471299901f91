"""The data sets as MQSA-TED's authors release them: one `.npy` each, a pickle of three dictionaries and two numbers.

    https://github.com/zhuty16/MQSA-TED, data/{beauty,sports,toys,yelp}

The dictionaries have each user's training items, the oldest first, and the one item each for validation and testing.
The pickle is not loaded but read by `pickle_machine`, which runs nothing.
"""

import itertools
from pathlib import Path
from typing import Any

import numpy as np

from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted.data.dataset import Interactions
from timesuite_jax.storage.restricted_pickle import MAX_PICKLE, WRONG_KIND, Dialect, load_restricted

_REMEDY = "; give a file of the authors, data/beauty/beauty.npy say, or a log as .csv or .parquet"
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
_PARTS = ("training items", "validation items", "test items")


class _Array:
    """An array of objects: its values, once it has been built."""

    values: list[Any] | None = None


class _DType:
    """The data type of an array."""


def _array(*_: Any) -> _Array:
    return _Array()


def _dtype(*_: Any) -> _DType:
    return _DType()


def _build(value: Any, attributes: Any) -> None:
    if isinstance(value, _Array):
        content = attributes[-1] if type(attributes) is tuple and attributes else None
        if type(content) is not list:
            raise ValueError("an array that is not one of objects")
        value.values = content
    elif not isinstance(value, _DType):
        raise ValueError(WRONG_KIND)


_DIALECT = Dialect(
    "released data set",
    calls={
        "numpy.core.multiarray._reconstruct": _array,
        "numpy._core.multiarray._reconstruct": _array,  # from NumPy 2 on
        "numpy.dtype": _dtype,
    },
    build=_build,
    mentions={"numpy.ndarray"},
    remedy=_REMEDY,
)


def read_released(path: Path) -> Interactions:
    """Reads the file of one data set; its users and items have no names.

    Raises:
      UserError: if it cannot be read, holds something else, or its numbers contradict one another.
    """
    pickle = _pickle_of_five(path)
    content = load_restricted(pickle, str(path), _DIALECT)
    values = content.values if isinstance(content, _Array) else None
    if values is None or [type(value) for value in values] != [dict, dict, dict, int, int]:
        raise UserError(f"{path} does not hold three dictionaries and two numbers{_REMEDY}")
    *parts, num_users, num_items = values
    if num_users != len(parts[0]) or not 0 < num_items < 2**31:
        raise UserError(f"{path} does not hold as many users or items as it says; get the file again")
    for name, part in zip(_PARTS, parts, strict=True):
        if len(part) != num_users or part.keys() != set(range(num_users)):
            raise UserError(f"{path}: the {name} are not those of users 0 to {num_users - 1}; get the file again")
    lists = [[_listed(part[user]) for user in range(num_users)] for part in parts]
    # An item takes a byte at least, but a forged file could name one long list for every user.
    if sum(len(items) for part in lists for items in part) > len(pickle):
        raise UserError(f"{path}: users share their lists of items; get the file again")
    for user, items in itertools.chain(*map(enumerate, lists)):
        for item in items:
            if type(item) is not int or not 0 <= item < num_items:
                what = (
                    item if type(item) is int and item.bit_length() < 64 else f"something of type {type(item).__name__}"
                )
                raise UserError(f"{path}: user {user} took {what}, but items run from 0 to {num_items - 1}")
    if any(len(items) != 1 for part in lists[1:] for items in part):
        raise UserError(f"{path}: a user has not one validation and one test item; get the file again")
    start = np.cumsum([0, *map(len, lists[0])]).astype(np.int32)
    items, validation, test = (np.array([*itertools.chain(*part)], np.int32) for part in lists)
    return Interactions(start, items, validation, test, num_items)


def _pickle_of_five(path: Path) -> bytes:
    """What stands behind the header of an `.npy` of five objects."""
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            if version not in _HEADERS:
                raise ValueError(f"NumPy's format {version[0]}.{version[1]} is not read")
            shape, _, dtype = _HEADERS[version](file)
            pickle = file.read(MAX_PICKLE + 1)
    except Exception as error:  # of a damaged header NumPy raises anything, from TokenError to MemoryError
        raise UserError(f"cannot read {path}: {' '.join(str(error).split())}{_REMEDY}") from error
    if shape != (5,) or dtype != np.dtype(object):
        raise UserError(f"{path} holds {dtype} {list(shape)}, not five objects{_REMEDY}")
    return pickle


def _listed(items: Any) -> list[Any]:
    """Items of one user, of whom there is a list or one."""
    return items if type(items) is list else [items]
