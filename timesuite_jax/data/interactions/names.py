"""Names of users and items: text or whole numbers.

A whole number may be written as a float, as pandas does with columns that have missing values: in a column of numbers
`1.0` and `1e+05` are the names `1` and `100000`. Beside names that are not numbers `1.0` stays as it is.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from timesuite_jax.errors import UserError

_DIGITS = re.compile(r"-?\d+")
_WHOLE_FLOAT = re.compile(r"-?\d+\.0*|-?\d(\.\d+)?[eE]\+\d\d")
MAX_EXACT = 2**53  # larger floats are rounded, so that two ids may have become one


def parse_name(value: object, column: str) -> str:
    """Returns the name of a user or an item, without surrounding white space; a whole number is a name, too.

    Raises:
      ValueError: if the value is empty, or neither text nor a whole number.
    """
    if isinstance(value, float | np.floating | Decimal) and abs(value) <= MAX_EXACT and value == int(value):
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


def whole_numbers(names: Sequence[str]) -> Sequence[str]:
    """Returns names with floats as whole numbers if all are whole numbers, else as they are."""
    whole = [name if _DIGITS.fullmatch(name) else whole_number(name) for name in names]
    return names if None in whole else [name for name in whole if name is not None]


class NameIndex:
    """Ids of users or items by name.

    Args:
      names: of the ids in order; None if ids are names.
      number: of ids.
      kind: "user" or "item".
    """

    def __init__(self, names: Sequence[str] | None, number: int, kind: str) -> None:
        self._names, self._number, self._kind = names, number, kind
        self._ids = {name: index for index, name in enumerate(names or ())}

    def name(self, index: int) -> str:
        """Returns the name of an id."""
        return self._names[index] if self._names else str(index)

    def find(self, name: object) -> int | None:
        """Returns the id of a name, which may be a number; None for an unknown one.

        Raises:
          UserError: if the name is empty, or neither text nor a whole number.
        """
        try:
            text = parse_name(name, self._kind)
        except ValueError as error:
            raise UserError(str(error)) from None
        found = self._find(text if not isinstance(name, str) or name not in self._ids else name)
        if found is None and (whole := whole_number(text)):
            return self._find(whole)
        return found

    def _find(self, name: str) -> int | None:
        if self._names:
            return self._ids.get(name)
        known = _DIGITS.fullmatch(name) and 0 <= int(name) < self._number and str(int(name)) == name
        return int(name) if known else None
