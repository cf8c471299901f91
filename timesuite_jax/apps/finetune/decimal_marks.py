"""Finds times whose comma or full stop may separate thousands instead of decimals: "1,200" is 1.2 or 1200.

A comma that three digits follow is ambiguous. So is such a full stop in a file that has decimal commas elsewhere, as
Excel writes numbers in most of Europe: "950,5" beside "1.200".
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from timesuite_jax.apps.finetune.raw_rows import RawRow, RowProblem, shown

_TIMES = ("start", "end")
_DECIMAL_COMMA = re.compile(r"\s*\d+,\d+\s*")
_GROUPED = re.compile(r"\s*[1-9]\d{0,2}[.,]\d{3}\s*")  # a zero or four digits in front are no thousands


def is_decimal_comma(text: str) -> bool:
    """Whether a text is a number whose comma can only separate decimals: "12,5", "0,500"."""
    return bool(_DECIMAL_COMMA.fullmatch(text)) and not _GROUPED.fullmatch(text)


def ambiguity(text: str) -> str:
    """What is wrong with a number that may have thousands or decimals, and the remedy; "" if it has neither."""
    if not _GROUPED.fullmatch(text):
        return ""
    whole, _, rest = text.strip().replace(",", ".").partition(".")
    return f"may be {float(f'{whole}.{rest}'):g} or {whole}{rest} seconds; write one of them, without thousands marks"


def ambiguous_stops(rows: Sequence[RawRow]) -> Iterable[RowProblem]:
    """Yields the rows with a time such as "1.200", if another row has a decimal comma."""
    if not any(isinstance(text, str) and is_decimal_comma(text) for row in rows for _, text in _times(row)):
        return
    for row in rows:
        for name, value in _times(row):
            if isinstance(value, str) and (wrong := ambiguity(value)) and "." in value:
                yield RowProblem(
                    row.number, f"{name} is {shown(value)}, which beside decimal commas in other rows {wrong}"
                )
                break


def _times(row: RawRow) -> list[tuple[str, Any]]:
    return [(name, row.values.get(name)) for name in _TIMES]
