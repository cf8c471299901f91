"""Reads tables whose header names a start and an end: Markdown, CSV, tabs, or columns two spaces apart."""

import re

from timesuite_jax.text.answers.combine import combine
from timesuite_jax.text.answers.lexer import lex
from timesuite_jax.text.answers.spans import TimeSpan, interval
from timesuite_jax.text.answers.tokens import TIMES, Token

_SEPARATORS = (re.compile(r"\|"), re.compile(r"\t"), re.compile(r";"), re.compile(r","), re.compile(r" {2,}"))
_RULE = re.compile(r"[\s|:+=-]*")
_MAX_HEADER = 200  # characters


def table_spans(text: str, duration: float | None) -> list[TimeSpan]:
    """Returns the spans of all rows of the tables in a text, as `plain_characters` returns it.

    Args:
      text: the answer.
      duration: seconds of the video; None if unknown.
    """
    spans: list[TimeSpan] = []
    header: _Header | None = None
    for line in text.split("\n"):
        found = header.read(line, duration) if header is not None else None
        if found is not None:
            spans.append(found)
        elif header is None or not _RULE.fullmatch(line):
            header = _header(line)
    return spans


class _Header:
    """Columns of start and end in a table, and their units (None if the header names none)."""

    def __init__(self, separator: re.Pattern[str], start: int, end: int, units: list[float | None]) -> None:
        self._separator, self._start, self._end, self._units = separator, start, end, units

    def read(self, line: str, duration: float | None) -> TimeSpan | None:
        """Returns the span of a row; None if the line is no row."""
        cells = _cells(line, self._separator)
        if len(cells) != len(self._units):
            return None
        times = [self._time(cells[column], self._units[column]) for column in (self._start, self._end)]
        return interval(times[0], times[1], duration) if times[0] and times[1] else None

    @staticmethod
    def _time(cell: str, unit: float | None) -> Token | None:
        tokens = [token for token in combine(lex(cell)) if token.kind != "stop"]
        if len(tokens) != 1 or tokens[0].kind not in TIMES:
            return None
        time = tokens[0]
        return Token("measured", time.seconds * unit, unit) if unit and time.unit is None else time


def _header(line: str) -> _Header | None:
    if len(line) > _MAX_HEADER or re.search(r"\d", line):
        return None
    for separator in _SEPARATORS:
        cells = [lex(cell) for cell in _cells(line, separator)]
        columns = []
        for role, other in (("start", "end"), ("end", "start")):
            named = [
                at
                for at, tokens in enumerate(cells)
                if (kinds := {token.kind for token in tokens}) and role in kinds and not kinds & {other, "count"}
            ]
            columns.append(named[0] if len(named) == 1 else None)
        start, end = columns
        if start is not None and end is not None:
            units = [next((token.unit for token in tokens if token.kind == "scale"), None) for tokens in cells]
            return _Header(separator, start, end, units)
    return None


def _cells(line: str, separator: re.Pattern[str]) -> list[str]:
    return [cell.strip() for cell in separator.split(line.strip().strip("|"))]
