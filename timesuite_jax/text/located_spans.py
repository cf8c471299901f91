"""Finds where an answer writes the starts and ends of its spans.

The parser returns seconds, not places. So the times in digits are marked: each becomes later by another, tiny amount,
and the amounts in the spans of the marked answer show which times these are. Others, as in "cooks for 8 s", are in no
span. The answer is parsed once, however many times it has.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from timesuite_jax.text.answers.spans import TimeSpan
from timesuite_jax.text.timestamps import parse_spans
from timesuite_jax.text.written_times import WRITTEN_TIME, written_seconds

_LATEST_S = 1e-3  # of all marks; times have at most two decimals, with few exceptions
_DECIMALS = 6  # of marks, as few as possible: the parser takes long runs of digits for identifiers
_UNIT_S = 1e-6  # times that differ by less are equal


class LocatedSpan(NamedTuple):
    """A span of an answer, and the times in its text that are its start and end; None for one not in digits."""

    span: TimeSpan
    start: re.Match[str] | None
    end: re.Match[str] | None


def locate_spans(text: str, spans: Sequence[TimeSpan], *, duration: float | None = None) -> list[LocatedSpan] | None:
    """Returns the spans of an answer with their places, in order of occurrence, also those that it states again.

    Args:
      text: the answer.
      spans: what `parse_spans` returns for it.
      duration: seconds of the video, as `parse_spans` was given it.

    Returns:
      The spans; None if marks change the meaning of the answer.
    """
    known = {_units(span): span for span in spans}
    edges = {edge for span in known for edge in span}
    times = [match for match in WRITTEN_TIME.finditer(text) if round(written_seconds(match.group()) / _UNIT_S) in edges]
    decimals = _DECIMALS
    while len(times) * 10.0**-decimals > _LATEST_S:
        decimals += 1
    by_mark: dict[int, re.Match[str]] = {}
    pieces, at = list[str](), 0
    for number, match in enumerate(times, 1):
        marked = _marked(match.group(), number, decimals)
        by_mark[round(written_seconds(marked) * 10**decimals)] = match
        pieces += [text[at : match.start()], marked]
        at = match.end()
    located = []
    for found in parse_spans("".join([*pieces, text[at:]]), duration=duration):
        start, end = (by_mark.get(round(edge * 10**decimals)) for edge in found)
        unmarked = TimeSpan(_unmarked(found.start, start), _unmarked(found.end, end))
        if (span := known.get(_units(unmarked))) is None:
            return None
        located.append(LocatedSpan(span, start, end))
    return located if list(dict.fromkeys(one.span for one in located)) == list(spans) else None


def _units(span: TimeSpan) -> tuple[int, int]:
    return round(span.start / _UNIT_S), round(span.end / _UNIT_S)


def _marked(written: str, number: int, decimals: int) -> str:
    """Adds a number of units of the last decimal: "00:08" is "00:08.000002"."""
    head, colon, seconds = written.rpartition(":")
    width = len(seconds.partition(".")[0]) + 1 + decimals
    return f"{head}{colon}{float(seconds) + number * 10.0**-decimals:0{width}.{decimals}f}"


def _unmarked(edge: float, time: re.Match[str] | None) -> float:
    return edge if time is None else written_seconds(time.group())
