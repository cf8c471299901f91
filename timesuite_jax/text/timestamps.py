"""Parses time spans in free-form answers; the default parser.

Upstream's parser (`upstream_answers`) recognises little more than "a - b": it counts "from a to b", "starts at a and
ends at b" in one sentence, "1:05 to 1:20" and en dashes as wrong answers. This grammar recognises, in seconds:

- "a - b", "a to b", "from a until b", "between a and b", with hyphens and dashes of any length, "[a, b]";
- "starts at a ... ends at b", "start time: a, end time: b", "start and end: a, b", "starts at a and lasts c";
- plain numbers, "1,000", units ("12s", "1 minute 20 seconds", "2 to 3 minutes"), "mm:ss", "hh:mm:ss", with decimals;
- several spans in one answer.

Dates, ordinals, counts ("2 people"), frame numbers and the example answers of the prompts are not times. If an answer
has certain ranges (with a unit, a decimal point, a colon, "from" or "between"), others ("Person 1 - 2 walks") are
dropped. Parsing never raises and is linear in the length of the text.
"""

from collections.abc import Sequence
from typing import NamedTuple

from timesuite_jax.text.prompts import EXAMPLE_ANSWERS
from timesuite_jax.text.time_text import format_seconds
from timesuite_jax.text.timestamp_lexer import TimeToken, lex


class TimeSpan(NamedTuple):
    """A time interval in seconds, `start <= end`."""

    start: float
    end: float


class _Match(NamedTuple):
    span: TimeSpan
    certain: bool
    first: int  # first and last token, to detect lists of ranges
    last: int


# Maximum distance in tokens from "starts" to its time: "The start time for this event of the video is 0 seconds".
_MAX_DISTANCE = 12


def format_span(span: Sequence[float]) -> str:
    """Formats a span as in upstream's answers: "12.3 - 45.6 seconds"."""
    return f"{format_seconds(span[0])} - {format_seconds(span[1])} seconds"


def parse_spans(text: str, *, points: bool = False) -> list[TimeSpan]:
    """Parses the spans of an answer, in order of occurrence and without duplicates.

    Args:
      text: answer of the model.
      points: whether to return single times ("at 3.2 seconds") as spans of zero length if there is no span.

    Returns:
      Spans in seconds; empty if parsing fails.
    """
    text = text.lower()
    for example in EXAMPLE_ANSWERS:
        text = text.replace(example, " ")
    tokens = lex(text)
    found, free = _match(tokens)
    found = _keep_certain(tokens, found)
    if not found and points:
        return list(dict.fromkeys(TimeSpan(tokens[i].seconds, tokens[i].seconds) for i in free if _is_point(tokens, i)))
    return list(dict.fromkeys(one.span for one in found))


def _match(tokens: list[TimeToken]) -> tuple[list[_Match], list[int]]:
    """Matches spans in one pass over the tokens: ranges first, then times with a role ("starts at").

    Returns the matches, and the positions of times that are not part of one.
    """
    found: list[_Match] = []
    free: list[int] = []
    role, role_at = "", 0
    start: int | None = None
    end: int | None = None
    loose: int | None = None  # time without a role in this sentence; a start if "... and ends at b" follows
    example = False
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.kind == "stop":
            role, loose, example = "", None, False
        elif token.kind == "example":
            example = True
        elif token.kind in ("start", "end", "lasting"):
            # In "start and end times: 3, 9", the first time is the start and the second the end.
            both = token.kind == "end" and role == "start" and at - role_at <= _MAX_DISTANCE
            role, role_at = ("both" if both else token.kind), at
        elif token.kind == "until":
            role, role_at = "end", at  # "starts at 3 and lasts until 8"; ranges skip their own "until"
        elif token.kind == "time":
            interval = _range_at(tokens, at)
            if interval is not None:
                if not example:
                    found.append(interval)
                at = interval.last
                role, start, end, loose = "", None, None, None
            elif not example:
                if at - role_at > _MAX_DISTANCE:
                    role = ""
                if role in ("start", "both"):
                    start = at
                elif role == "end":
                    start, end = (loose if start is None else start), at
                elif role == "lasting" and start is not None:
                    found.append(_pair(tokens, start, at, tokens[start].seconds + token.seconds))
                    start = None
                elif role != "lasting":
                    loose = at
                    free.append(at)
                role, role_at = ("end", at) if role == "both" else ("", at)
                if start is not None and end is not None:
                    found.append(_pair(tokens, start, end, tokens[end].seconds))
                    start = end = loose = None
        at += 1
    return found, free


def _range_at(tokens: list[TimeToken], at: int) -> _Match | None:
    """Returns the range that begins with the time at `at`: "a - b", "a to b", "between a and b", "[a, b]"."""
    if at + 2 >= len(tokens) or tokens[at + 2].kind != "time":
        return None
    before = tokens[at - 1].kind if at else ""
    separator = tokens[at + 1].kind
    bracketed = before == "open" and separator == "comma" and at + 3 < len(tokens) and tokens[at + 3].kind == "close"
    if not (
        separator in ("dash", "to", "until") or (before == "between" and separator in ("and", "dash")) or bracketed
    ):
        return None
    first, last = tokens[at], tokens[at + 2]
    seconds = first.seconds
    unit = last.unit or 1
    if first.unit is None and seconds * unit <= last.seconds:
        seconds *= unit  # "2 to 3 minutes"
    certain = first.certain or last.certain or before in ("from", "between") or bracketed
    return _Match(_ordered(seconds, last.seconds), certain, at, at + 2)


def _pair(tokens: list[TimeToken], start: int, end: int, seconds: float) -> _Match:
    return _Match(_ordered(tokens[start].seconds, seconds), True, min(start, end), max(start, end))


def _ordered(one: float, other: float) -> TimeSpan:
    return TimeSpan(min(one, other), max(one, other))


def _keep_certain(tokens: list[TimeToken], found: list[_Match]) -> list[_Match]:
    """Drops uncertain ranges if there are certain ones, except in a list with one: "1 - 2, 3 - 4 seconds"."""
    certain = [one.certain for one in found]
    for i in range(len(found) - 2, -1, -1):
        between = tokens[found[i].last + 1 : found[i + 1].first]
        listed = len(between) <= 2 and all(token.kind in ("comma", "and") for token in between)
        certain[i] = certain[i] or (listed and certain[i + 1])
    return [one for one, keep in zip(found, certain, strict=True) if keep] if any(certain) else found


def _is_point(tokens: list[TimeToken], at: int) -> bool:
    return tokens[at].certain or (at > 0 and tokens[at - 1].kind == "at")
