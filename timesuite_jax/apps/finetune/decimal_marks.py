"""Decimal commas and points: "1,200" may be 1.2 or 1200.

A comma or point that exactly three digits follow may separate thousands. The other times of the file decide: beside
"950,5", as Excel writes numbers in most of Europe, "1,200" is 1.2 and "1.200" is ambiguous; without any decimal comma,
"1.200" is 1.2 and "1,200" is ambiguous; in a file with decimal commas and points both are.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from timesuite_jax.apps.finetune.raw_rows import RawRow

_DECIMAL = re.compile(r"\s*[+-]?\d+([.,])\d+\s*")
_GROUPED = re.compile(r"\s*([1-9]\d{0,2})([.,])(\d{3})\s*")  # a zero or four digits in front are no thousands


class DecimalMarks(NamedTuple):
    """Where the times of a file have a mark that can only be one of decimals: "line 3"; "" if they have none."""

    comma: str = ""
    point: str = ""


NO_MARKS = DecimalMarks()


def decimal_marks(rows: Iterable[RawRow], unit: str) -> DecimalMarks:
    """Finds the first decimal comma and the first decimal point among the times of rows.

    Args:
      rows: of a file.
      unit: what their numbers count.
    """
    found: dict[str, str] = {}
    for row in rows:
        for text in _times(row.values):
            if (match := _DECIMAL.fullmatch(text)) and not _GROUPED.fullmatch(text):
                found.setdefault(match[1], f"{unit} {row.number}")
    return DecimalMarks(found.get(",", ""), found.get(".", ""))


def with_point(text: str) -> str:
    """A number with a decimal point in place of its decimal comma."""
    return text.replace(",", ".") if _DECIMAL.fullmatch(text) else text


def ambiguity(text: str, marks: DecimalMarks) -> str:
    """What is wrong with a number that may have thousands or decimals, and the remedy; "" if the file decides.

    Args:
      text: the number.
      marks: of the file.
    """
    grouped = _GROUPED.fullmatch(text)
    if not grouped or _decided(grouped[2], marks):
        return ""
    whole, mark, rest = grouped.groups()
    decimal = f"{float(f'{whole}.{rest}'):g}"
    meanings = f"may be {decimal} or {whole}{rest} seconds"
    if not marks.comma:
        return f"{meanings}; write one of them, without thousands marks"
    if not marks.point:
        return f"{meanings}: {marks.comma} has a decimal comma; write {decimal.replace('.', ',')} or {whole}{rest}"
    return (
        f"{meanings}: {marks.comma} has a decimal comma, {marks.point} a decimal point; write {whole}{mark}{rest}0 or "
        f"{whole}{rest}"
    )


def _decided(mark: str, marks: DecimalMarks) -> bool:
    return not marks.comma if mark == "." else bool(marks.comma) and not marks.point


def _times(values: Mapping[str, Any]) -> Iterator[str]:
    """Times of a row that are texts."""
    spans = values.get("spans")
    edges = [edge for pair in spans if isinstance(pair, list) for edge in pair] if isinstance(spans, list) else []
    for value in (values.get("start"), values.get("end"), *edges):
        if isinstance(value, str):
            yield value
