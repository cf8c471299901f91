"""Names of users and items: text or whole numbers, encoded as indices into the distinct names.

A whole number may be written as a float, as pandas does with columns that have missing values: in a column of numbers
`1.0` and `1e+05` are the names `1` and `100000`. Beside names that are not numbers `1.0` stays as it is.
"""

import re
from decimal import Decimal

import numpy as np
import pyarrow
import pyarrow.compute
from jaxtyping import Int

from timesuite_jax.data.interactions.row_error import RowError

_DIGITS = re.compile(r"-?\d+")
_WHOLE_FLOAT = re.compile(r"-?\d+\.0*|-?\d(\.\d+)?[eE]\+\d\d")
_MAX_EXACT = 2**53  # larger floats are rounded, so that two ids may have become one


def parse_name(value: object, column: str) -> str:
    """Returns the name of a user or an item, without surrounding white space; a whole number is a name, too.

    Raises:
      ValueError: if the value is empty, or neither text nor a whole number.
    """
    if isinstance(value, float | np.floating | Decimal) and abs(value) <= _MAX_EXACT and value == int(value):
        value = int(value)
    text = "" if value is None else str(value).strip()
    if isinstance(value, bool) or not isinstance(value, str | int | np.integer | None) or "\0" in text:
        raise ValueError(f"{column} {value!r} is neither a name nor a whole number; give one of these")
    if not text:
        raise ValueError(f"{column} is empty; fill it in or remove the line")
    return text


def whole_number(name: str) -> str | None:
    """Returns a whole number that is written as a float ("12.0", "1e+05") in digits; None for any other name."""
    if not _WHOLE_FLOAT.fullmatch(name):
        return None
    number = Decimal(name)
    return str(int(number)) if number == int(number) else None


def encode_names(column: pyarrow.Array, kind: str) -> pyarrow.Array:
    """Returns a batch of names as a dictionary array.

    Raises:
      RowError: if a value is missing or neither text nor a whole number.
    """
    if pyarrow.types.is_floating(column.type) or pyarrow.types.is_decimal(column.type):
        column = _whole(column, kind)
    if pyarrow.types.is_integer(column.type):
        column = column.cast(pyarrow.string())
    if column.null_count or not is_text(column.type):
        row = int(column.is_null().to_numpy(zero_copy_only=False).argmax())  # the first null, else the first row
        try:
            parse_name(column[row].as_py(), kind)
        except ValueError as error:
            raise RowError(row, str(error)) from error
    return column.cast(pyarrow.string()).dictionary_encode()


def is_text(dtype: pyarrow.DataType) -> bool:
    """Whether a column has text."""
    return pyarrow.types.is_string(dtype) or pyarrow.types.is_large_string(dtype)


def _whole(column: pyarrow.Array, kind: str) -> pyarrow.Array:
    """Floats or decimals as integers; missing values stay missing.

    Raises:
      RowError: at the first number that is not whole, or too large to be exact.
    """
    try:
        whole = column.cast(pyarrow.int64())  # raises if a number is not whole
    except pyarrow.ArrowException:
        whole = None
    if whole is None or pyarrow.compute.any(pyarrow.compute.greater(pyarrow.compute.abs(whole), _MAX_EXACT)).as_py():
        for row, value in enumerate(column.to_pylist()):
            try:
                parse_name(value, kind)
            except ValueError as error:
                raise RowError(row, str(error)) from error
    return whole


def unify_names(chunks: list[pyarrow.Array], kind: str) -> tuple[Int[np.ndarray, " N"], tuple[str, ...]]:
    """Returns the index of each row's name, and the names in the order in which they first appear.

    Raises:
      RowError: if a name is empty or contains a null character.
    """
    unified = pyarrow.chunked_array(chunks).unify_dictionaries()
    codes = np.concatenate([chunk.indices.to_numpy() for chunk in unified.chunks])
    distinct = []
    for code, value in enumerate(unified.chunk(0).dictionary.to_pylist()):
        try:
            distinct.append(parse_name(value, kind))
        except ValueError as error:
            raise RowError(int(np.argmax(codes == code)), str(error)) from error
    distinct = _numbers(distinct)
    names: dict[str, int] = {}
    indices = [names.setdefault(name, len(names)) for name in distinct]
    return (codes if len(names) == len(indices) else np.array(indices, np.int32)[codes]), tuple(names)


def _numbers(names: list[str]) -> list[str]:
    """The names with floats as whole numbers, if all are whole numbers."""
    whole = [name if _DIGITS.fullmatch(name) else whole_number(name) for name in names]
    return names if None in whole else [name for name in whole if name is not None]
