"""Reads the values of a row: texts, seconds and spans."""

import json
import math
import re
from contextlib import suppress
from typing import Any

from timesuite_jax.apps.finetune.decimal_marks import NO_MARKS, DecimalMarks, ambiguity, with_point
from timesuite_jax.apps.finetune.raw_rows import shown
from timesuite_jax.data.question_spans import Span
from timesuite_jax.text.conversation_text import find_marker

_MAX_SECONDS = 1e6  # eleven days
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:[.,]\d+)?)")
# What pandas, R, SQL and spreadsheets write for a value that is left out.
_NO_TEXT = frozenset({"nan", "-nan", "null", "nat", "<na>", "#n/a", "#na"})
_NO_TIME = frozenset({"none", "na", "n/a"})
_SPANS = "[[start, end], ...]"


class FieldError(ValueError):
    """What is wrong with a value, and the remedy."""


def is_empty(value: Any) -> bool:
    """Whether a row leaves a value out: an empty cell, null, or NaN, which pandas has for both."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, str) and not value.strip())


def stands_for_nothing(cell: str) -> bool:
    """Whether a cell of CSV has the word that a program wrote for a value that is left out; in JSON it is a text."""
    return cell.strip().lower() in _NO_TEXT


def is_no_time(value: Any) -> bool:
    """Whether a value is empty, or a word that only a text could mean."""
    return is_empty(value) or (isinstance(value, str) and value.strip().lower() in _NO_TEXT | _NO_TIME)


def read_text(value: Any, name: str) -> str:
    """Reads a text, without spaces around it; a number is taken as it is written.

    Raises:
      FieldError: it is missing or not a text.
    """
    if is_empty(value):
        raise FieldError(f"{name} is missing; add it")
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise FieldError(f"{name} is {shown(value)}, not a text; put it in double quotes")
    text = value.strip()
    if any("\ud800" <= letter <= "\udfff" or letter == "\0" for letter in text):
        raise FieldError(f"{name} {shown(text)} contains letters that are no text; remove them")
    if marker := find_marker(text):
        raise FieldError(f"{name} {shown(text)} contains the conversation marker {marker}; remove it")
    return text


def read_seconds(value: Any, name: str, marks: DecimalMarks = NO_MARKS) -> float:
    """Reads a time: a number of seconds, or a clock as in 1:05.5.

    Args:
      value: of a row.
      name: of the time, for messages.
      marks: of decimals in the file.

    Raises:
      FieldError: it is none, negative, not finite, or has a mark that may be one of decimals or of thousands.
    """
    seconds = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):
            seconds = float(value)
    elif isinstance(value, str):
        text = value.strip()
        if wrong := ambiguity(text, marks):
            raise FieldError(f"{name} is {shown(value)}, which {wrong}")
        text = with_point(text)
        if _NUMBER.fullmatch(text):
            seconds = float(text)
        elif clock := _CLOCK.fullmatch(text):
            hours, minutes, rest = clock.groups()
            rest = rest.replace(",", ".")
            if float(rest) < 60 and (int(minutes) < 60 or hours is None):
                seconds = 3600.0 * int(hours or 0) + 60.0 * int(minutes) + float(rest)
    if not abs(seconds) < _MAX_SECONDS:  # also nan
        raise FieldError(f"{name} is {shown(value)}, not a time; write seconds, e.g. 65.5, or 1:05.5")
    if seconds < 0:
        raise FieldError(f"{name} is {shown(value)}, below 0; count from the start of the video")
    return seconds


def read_span(start: Any, end: Any, marks: DecimalMarks = NO_MARKS) -> Span:
    """Reads the start and end of an event, each as `read_seconds` does.

    Raises:
      FieldError: one of them is not a time, or the end is not after the start.
    """
    span = (read_seconds(start, "start", marks), read_seconds(end, "end", marks))
    if span[1] <= span[0]:
        raise FieldError(f"end {shown(end)} is not after start {shown(start)}; exchange or correct them")
    return span


def read_spans(value: Any, marks: DecimalMarks = NO_MARKS) -> tuple[Span, ...]:
    """Reads a list of starts and ends, `[[1.5, 4], [10, 12]]`, or one of them alone, also as text.

    Args:
      value: of a row.
      marks: of decimals in the file.

    Raises:
      FieldError: it is not one, or a span is wrong.
    """
    given = value
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    if isinstance(value, list) and len(value) == 2 and not any(isinstance(edge, list) for edge in value):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise FieldError(f"spans is {shown(given)}, not a list of starts and ends; write {_SPANS} in seconds")
    try:
        spans = tuple(read_span(start, end, marks) for start, end in value)
    except FieldError as error:
        raise FieldError(f"spans: {error}") from error
    if repeated := next((span for span in spans if spans.count(span) > 1), None):
        raise FieldError(f"spans has {list(repeated)} twice; remove one of them")
    return spans
