"""Columns of names, encoded as indices into the distinct names."""

import numpy as np
import pyarrow
from jaxtyping import Int

from timesuite_jax.data.interactions.names import MAX_EXACT, parse_name, whole_numbers
from timesuite_jax.data.interactions.row_error import RowError


def encode_names(column: pyarrow.Array, kind: str) -> pyarrow.Array:
    """Returns a batch of names as a dictionary array; a missing name is "".

    Raises:
      RowError: if a value is neither text nor a whole number.
    """
    if pyarrow.types.is_floating(column.type) or pyarrow.types.is_decimal(column.type):
        column = _whole(column, kind)
    if pyarrow.types.is_integer(column.type):
        column = column.cast(pyarrow.string())
    if pyarrow.types.is_null(column.type):
        column = column.cast(pyarrow.string())
    if not is_text(column.type):
        try:
            parse_name(column[0].as_py(), kind)
        except ValueError as error:
            raise RowError(0, str(error)) from error
    return column.cast(pyarrow.string()).fill_null("").dictionary_encode()


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
    if whole is None or np.abs(whole.fill_null(0).to_numpy()).max(initial=0) > MAX_EXACT:
        for row, value in enumerate(column.to_pylist()):
            try:
                parse_name(value, kind)
            except ValueError as error:
                raise RowError(row, str(error)) from error
    return whole


def unify_names(chunks: list[pyarrow.Array], kind: str) -> tuple[Int[np.ndarray, " N"], tuple[str, ...]]:
    """Returns the index of each row's name, and the names in the order in which they first appear.

    Raises:
      RowError: if a name is empty or contains a null character; with the number of such rows.
    """
    unified = pyarrow.chunked_array(chunks).unify_dictionaries()
    codes = np.concatenate([chunk.indices.to_numpy() for chunk in unified.chunks])
    distinct = []
    for code, value in enumerate(unified.chunk(0).dictionary.to_pylist()):
        try:
            distinct.append(parse_name(value, kind))
        except ValueError as error:
            rows = np.flatnonzero(codes == code)
            raise RowError(int(rows[0]), f"{error} ({len(rows)} such rows)") from error
    names: dict[str, int] = {}
    indices = [names.setdefault(name, len(names)) for name in whole_numbers(distinct)]
    return (codes if len(names) == len(indices) else np.array(indices, np.int32)[codes]), tuple(names)
