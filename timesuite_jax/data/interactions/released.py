"""Reads the data sets released by the authors of MQSA-TED: an `.npy` with a pickle of three dicts and two ints.

    https://github.com/zhuty16/MQSA-TED, data/{beauty,sports,toys,yelp}

The dicts map each user to the training items, oldest first, to the validation item and to the test item. The pickle is
read by `storage.restricted_pickle`, which executes no code.
"""

import itertools
from pathlib import Path
from typing import Any

import numpy as np

from timesuite_jax.data.interactions.dataset import Interactions
from timesuite_jax.errors import UserError
from timesuite_jax.storage.restricted_pickle import MAX_PICKLE, WRONG_KIND, Dialect, load_restricted

_REMEDY = "; give a file of the authors, for example data/beauty/beauty.npy, or a log as .csv or .parquet"
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
_PARTS = ("training items", "validation items", "test items")


class _Array:
    """An array of objects; its values are set when it is built."""

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
            raise ValueError("an array whose dtype is not object")
        value.values = content
    elif not isinstance(value, _DType):
        raise ValueError(WRONG_KIND)


_DIALECT = Dialect(
    "released data set",
    calls={
        "numpy.core.multiarray._reconstruct": _array,
        "numpy._core.multiarray._reconstruct": _array,  # NumPy 2
        "numpy.dtype": _dtype,
    },
    build=_build,
    mentions={"numpy.ndarray"},
    remedy=_REMEDY,
)


def read_released(path: Path) -> Interactions:
    """Reads one released data set; its users and items have no names.

    Raises:
      UserError: if it cannot be read, contains other objects, or is inconsistent.
    """
    pickle = _read_pickle(path)
    content = load_restricted(pickle, str(path), _DIALECT)
    values = content.values if isinstance(content, _Array) else None
    if values is None or [type(value) for value in values] != [dict, dict, dict, int, int]:
        raise UserError(f"{path} does not contain three dictionaries and two numbers{_REMEDY}")
    *parts, num_users, num_items = values
    if num_users != len(parts[0]) or not 0 < num_items < 2**31:
        raise UserError(f"{path} does not contain as many users or items as it declares; download it again")
    for name, part in zip(_PARTS, parts, strict=True):
        if len(part) != num_users or part.keys() != set(range(num_users)):
            raise UserError(f"{path}: the {name} are not those of users 0 to {num_users - 1}; download it again")
    lists = [[_as_list(part[user]) for user in range(num_users)] for part in parts]
    # An item takes at least a byte; a forged file could refer to one long list for every user.
    if sum(len(items) for part in lists for items in part) > len(pickle):
        raise UserError(f"{path}: users share lists of items; download it again")
    for user, items in itertools.chain(*map(enumerate, lists)):
        for item in items:
            if type(item) is not int or not 0 <= item < num_items:
                value = (
                    f"item {item}"
                    if type(item) is int and item.bit_length() < 64
                    else f"an object of type {type(item).__name__}"
                )
                raise UserError(f"{path}: user {user} has {value}, but items run from 0 to {num_items - 1}")
    if any(len(items) != 1 for part in lists[1:] for items in part):
        raise UserError(f"{path}: a user does not have one validation and one test item; download it again")
    start = np.cumsum([0, *map(len, lists[0])]).astype(np.int32)
    items, validation, test = (np.array([*itertools.chain(*part)], np.int32) for part in lists)
    return Interactions(start, items, validation, test, num_items)


def _read_pickle(path: Path) -> bytes:
    """Returns the pickle after the header of an `.npy` of five objects."""
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            if version not in _HEADERS:
                raise ValueError(f"version {version[0]}.{version[1]} of NumPy's format is not supported")
            shape, _, dtype = _HEADERS[version](file)
            pickle = file.read(MAX_PICKLE + 1)
    except Exception as error:  # NumPy raises many types on a damaged header, from TokenError to MemoryError
        raise UserError(f"cannot read {path}: {' '.join(str(error).split())}{_REMEDY}") from error
    if shape != (5,) or dtype != np.dtype(object):
        raise UserError(f"{path} contains {dtype} {list(shape)}, not five objects{_REMEDY}")
    return pickle


def _as_list(items: Any) -> list[Any]:
    """The items of one user, which are stored as a list or as one item."""
    return items if type(items) is list else [items]
