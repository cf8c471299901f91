"""Spans in the text of an answer: "0.0 - 6.9, 10.0 - 12.5 and 20.0 - 21.0"."""

import re
from collections.abc import Callable, Sequence

from timesuite_jax.data.question_spans import Span
from timesuite_jax.text import format_seconds

ABSENT = "The given query does not happen in this video."
"""Answer to a question whose event the video does not show; `text.denies_event` recognises it."""

TIME = r"-?\d+(?:\.\d+)?"
"""Regular expression of a time; a wrong annotation may start before its video."""

SPANS = rf"{TIME} - {TIME}(?:(?:, | and ){TIME} - {TIME})*"
"""Regular expression of a list of spans."""

_SPAN = re.compile(rf"({TIME}) - ({TIME})")


def join(parts: Sequence[str]) -> str:
    """Joins a list as a sentence does: "a, b and c"."""
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)


def write_spans(spans: Sequence[Span], seconds: Callable[[float], str] = format_seconds) -> str:
    """Writes spans without a unit, with times as `seconds` writes them."""
    return join([f"{seconds(start)} - {seconds(end)}" for start, end in spans])


def read_spans(text: str) -> tuple[Span, ...]:
    """Reads what `write_spans` wrote."""
    return tuple((float(start), float(end)) for start, end in _SPAN.findall(text))
