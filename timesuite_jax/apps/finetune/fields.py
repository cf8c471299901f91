"""Reads the values of a row: texts, seconds and spans."""

import json
import math
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from timesuite_jax.apps.finetune.decimal_marks import ambiguity, is_decimal_comma
from timesuite_jax.apps.finetune.raw_rows import shown
from timesuite_jax.data.question_spans import Span
from timesuite_jax.text.conversation_text import find_marker

_MAX_SECONDS = 1e6  # eleven days
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)")
_SPANS = "[[start, end], ...]"


class FieldError(ValueError):
    """What is wrong with a value, and the remedy."""


def is_empty(value: Any) -> bool:
    """Whether a row leaves a value out: an empty cell, null, or NaN, which pandas has for both."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, str) and not value.strip())


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


def read_seconds(value: Any, name: str) -> float:
    """Reads a time: a number of seconds, or a clock as in 1:05.5.

    Raises:
      FieldError: it is none, negative, not finite, or may have a decimal comma or one of thousands.
    """
    seconds = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):
            seconds = float(value)
    elif isinstance(value, str):
        text = value.strip()
        if "," in text and (wrong := ambiguity(text)):
            raise FieldError(f"{name} is {shown(value)}, which {wrong}")
        if is_decimal_comma(text):
            text = text.replace(",", ".")
        if _NUMBER.fullmatch(text):
            seconds = float(text)
        elif clock := _CLOCK.fullmatch(text):
            hours, minutes, rest = clock.groups()
            if float(rest) < 60 and (int(minutes) < 60 or hours is None):
                seconds = 3600.0 * int(hours or 0) + 60.0 * int(minutes) + float(rest)
    if not abs(seconds) < _MAX_SECONDS:  # also nan
        raise FieldError(f"{name} is {shown(value)}, not a time; write seconds, e.g. 65.5, or 1:05.5")
    if seconds < 0:
        raise FieldError(f"{name} is {shown(value)}, below 0; count from the start of the video")
    return seconds


def read_span(start: Any, end: Any) -> Span:
    """Reads the start and end of an event.

    Raises:
      FieldError: one of them is not a time, or the end is not after the start.
    """
    span = (read_seconds(start, "start"), read_seconds(end, "end"))
    if span[1] <= span[0]:
        raise FieldError(f"end {shown(end)} is not after start {shown(start)}; exchange or correct them")
    return span


def read_spans(value: Any) -> tuple[Span, ...]:
    """Reads a list of starts and ends, `[[1.5, 4], [10, 12]]`, or one of them alone, also as text.

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
    spans = _each(read_span, value)
    if repeated := next((span for span in spans if spans.count(span) > 1), None):
        raise FieldError(f"spans has {list(repeated)} twice; remove one of them")
    return spans


def _each(read: Callable[[Any, Any], Span], pairs: list[list[Any]]) -> tuple[Span, ...]:
    try:
        return tuple(read(start, end) for start, end in pairs)
    except FieldError as error:
        raise FieldError(f"spans: {error}") from error
