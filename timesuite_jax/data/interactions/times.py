"""Reads times exactly: numbers of any unit, dates and times in ISO 8601, and timestamps of Parquet.

A float does not resolve nanoseconds since 1970. Integers, dates and decimal fractions are therefore kept as integers,
fractions of more than nine digits rounded to nine; other numbers are floats. Dates and times without a time zone are in
UTC.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pyarrow
import pyarrow.compute
from jaxtyping import Num

from timesuite_jax.data.interactions.name_columns import is_text
from timesuite_jax.data.interactions.row_error import RowError

compute: Any = pyarrow.compute  # its functions are made when it is imported, so that type checkers do not know them
_SCALE = 10**9
_MAX_SCALED = 9.2e9  # times the scale, it is below 2^63
_RESOLVED = 2**53 / _SCALE  # a float64 below it resolves billionths
_ZONED = r"[T ]\d\d\S*(Z|[+-]\d\d(:?\d\d)?)$"
_REMEDY = "give numbers that increase with time, or dates such as 2014-07-01 12:30:05 (1678 to 2261)"


class Times(NamedTuple):
    """Times of consecutive rows.

    Attributes:
      values: numbers in multiples of 1 / scale of the log's unit; dates in a fraction of a second since 1970.
      scale: 1, or a billion for decimal fractions that a float does not resolve.
      dates: whether the times are dates, which cannot be compared with numbers.
    """

    values: Num[np.ndarray, " N"]
    scale: int = 1
    dates: bool = False


def parse_times(column: pyarrow.Array) -> Times:
    """Parses a column.

    Raises:
      RowError: if a time is missing, not finite, or neither a number nor a date, or some are numbers and some dates.
    """
    if column.null_count:
        raise RowError(int(column.is_null().to_numpy(zero_copy_only=False).argmax()), f"time is empty; {_REMEDY}")
    if pyarrow.types.is_date(column.type):
        column = column.cast(pyarrow.timestamp("ms"))
    if pyarrow.types.is_timestamp(column.type):
        return Times(column.cast(pyarrow.int64()).to_numpy(), dates=True)
    if pyarrow.types.is_decimal(column.type):
        column = column.cast(pyarrow.string())
    if is_text(column.type):
        column = compute.utf8_trim_whitespace(column)
    elif not (pyarrow.types.is_integer(column.type) or pyarrow.types.is_floating(column.type)):
        raise RowError(0, f"time {column[0].as_py()!r} has the type {column.type}; {_REMEDY}")
    return _numbers(column) or _dates(column) or _reject(column)


def _numbers(column: pyarrow.Array) -> Times | None:
    """Finite numbers; None if there is another value."""
    try:  # as floats first: Arrow reads hexadecimal integers
        floats = column.cast(pyarrow.float64(), safe=False).to_numpy()
    except pyarrow.ArrowException:
        return None
    if not np.all(np.isfinite(floats)):
        return None
    try:
        return Times(column.cast(pyarrow.int64()).to_numpy())
    except pyarrow.ArrowException:
        largest = np.abs(floats).max(initial=0.0)
    if is_text(column.type) and _RESOLVED < largest < _MAX_SCALED:
        try:
            digits = column.cast(pyarrow.decimal128(38, 27))
            decimals = compute.round(digits, 9).cast(pyarrow.decimal128(19, 9))
            billion = pyarrow.scalar(Decimal(_SCALE), pyarrow.decimal128(10, 0))
            return Times(compute.multiply(decimals, billion).cast(pyarrow.int64()).to_numpy(), _SCALE)
        except pyarrow.ArrowException:
            pass  # more digits than 27
    return Times(floats)


def _dates(column: pyarrow.Array) -> Times | None:
    """Dates as nanoseconds since 1970; None if there is another value."""
    if not is_text(column.type):
        return None
    column = compute.replace_substring_regex(column, r"(:\d\d),(\d+)", r"\1.\2")  # a decimal comma
    column = compute.replace_substring_regex(column, r" ?(UTC|GMT|Z)$", "Z")
    values = np.empty(len(column), np.int64)
    zoned = compute.match_substring_regex(column, _ZONED)
    for rows, zone in ((zoned, "UTC"), (compute.invert(zoned), None)):
        try:
            instants = column.filter(rows).cast(pyarrow.timestamp("ns", zone))
        except pyarrow.ArrowException:
            return None
        values[rows.to_numpy(zero_copy_only=False)] = instants.cast(pyarrow.int64()).to_numpy()
    return Times(values, dates=True)


def _reject(column: pyarrow.Array) -> Times:
    """Raises the error of a column that is neither numbers nor dates, at its first such row."""
    first = None
    for row in range(len(column)):
        value = column.slice(row, 1)
        kind = "number" if _numbers(value) else "date" if _dates(value) else None
        if kind is None:
            raise RowError(row, f"time {column[row].as_py()!r} is not a number or a date; {_REMEDY}")
        first = first or kind
        if kind != first:
            raise RowError(row, _mixed(column[row].as_py(), first))
    raise RowError(0, f"times of type {column.type} cannot be read; {_REMEDY}")


def _mixed(value: object, kind: str) -> str:
    return f"time {value!r} follows a time that is a {kind}; give one kind of time"


def join_times(parts: Sequence[Times]) -> Num[np.ndarray, " N"]:
    """Concatenates the times of a log's batches.

    Raises:
      RowError: if some are numbers and some dates.
    """
    start, scale = 0, max(part.scale for part in parts)
    for part in parts:
        if part.dates != parts[0].dates:
            raise RowError(start, _mixed("in this row", "date" if parts[0].dates else "number"))
        start += len(part.values)
    exact = all(
        part.values.dtype == np.int64 and np.abs(part.values).max() < _MAX_SCALED * part.scale for part in parts
    )
    if scale > 1 and exact:
        return np.concatenate([part.values * (scale // part.scale) for part in parts])
    return np.concatenate([part.values / part.scale if part.scale > 1 else part.values for part in parts])
