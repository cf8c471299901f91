"""Reads time spans out of free answers: a small grammar, used by default.

Upstream's parser (`upstream_answers`) knows "a - b" and little else: "from a to b", "starts at a and ends at b" in one
sentence, "1:05 to 1:20" and en dashes count as wrong answers there. This one reads, in seconds:

- "a - b", "a to b", "from a until b", "between a and b", with hyphens and dashes of any length, "[a, b]";
- "starts at a ... ends at b", "start time: a, end time: b", "start and end: a, b", "starts at a and lasts c";
- plain numbers, "1,000", units ("12s", "1 minute 20 seconds", "2 to 3 minutes"), "mm:ss", "hh:mm:ss", with decimals;
- several spans in one answer.

Dates, ordinals, counts ("2 people"), frame numbers and the example sentences of the prompts are not times. Where some
ranges are certain (a unit, a decimal point, a colon, "from", "between"), bare ones ("Person 1 - 2 walks") are dropped.
It never raises and its cost grows linearly with the text.
"""

from collections.abc import Sequence
from typing import NamedTuple

from timesuite_jax.text.clip_time import format_seconds
from timesuite_jax.text.prompts import ECHOES
from timesuite_jax.text.time_words import Item, read_items


class TimeSpan(NamedTuple):
    """A stretch of time in seconds, `start <= end`."""

    start: float
    end: float


class _Found(NamedTuple):
    span: TimeSpan
    certain: bool
    first: int  # items covered, to see which ranges form one list
    last: int


# How many words may stand between "starts" and its time: "The start time for this event of the video is 0 seconds".
_REACH = 12


def format_span(span: Sequence[float]) -> str:
    """A span as answers write it: "12.3 - 45.6 seconds"."""
    return f"{format_seconds(span[0])} - {format_seconds(span[1])} seconds"


def parse_spans(text: str, *, points: bool = False) -> list[TimeSpan]:
    """Reads the spans of an answer, in the order in which they are written and without repetitions.

    Args:
      text: what the model answered.
      points: where there is no span, read moments ("at 3.2 seconds") as spans without length.

    Returns:
      Spans in seconds; an empty list is a parse failure.
    """
    text = text.lower()
    for echo in ECHOES:
        text = text.replace(echo, " ")
    items = read_items(text)
    found, free = _read(items)
    found = _keep_certain(items, found)
    if not found and points:
        return list(dict.fromkeys(TimeSpan(items[i].seconds, items[i].seconds) for i in free if _is_moment(items, i)))
    return list(dict.fromkeys(one.span for one in found))


def _read(items: list[Item]) -> tuple[list[_Found], list[int]]:
    """One pass over the items: ranges first, times with a role ("starts at") otherwise.

    Returns what was found, and the positions of times that belong to nothing.
    """
    found: list[_Found] = []
    free: list[int] = []
    role, role_at = "", 0
    start: int | None = None
    end: int | None = None
    loose: int | None = None  # a time without role in this sentence, which "... and ends at b" may turn into a start
    example = False
    at = 0
    while at < len(items):
        item = items[at]
        if item.kind == "stop":
            role, loose, example = "", None, False
        elif item.kind == "example":
            example = True
        elif item.kind in ("start", "end", "lasting"):
            # "start and end times: 3, 9": the first time is the start, the second the end.
            both = item.kind == "end" and role == "start" and at - role_at <= _REACH
            role, role_at = ("both" if both else item.kind), at
        elif item.kind == "until":
            role, role_at = "end", at  # "starts at 3 and lasts until 8"; the one of a range is passed over with it
        elif item.kind == "time":
            stretch = _range_at(items, at)
            if stretch is not None:
                if not example:
                    found.append(stretch)
                at = stretch.last
                role, start, end, loose = "", None, None, None
            elif not example:
                if at - role_at > _REACH:
                    role = ""
                if role in ("start", "both"):
                    start = at
                elif role == "end":
                    start, end = (loose if start is None else start), at
                elif role == "lasting" and start is not None:
                    found.append(_pair(items, start, at, items[start].seconds + item.seconds))
                    start = None
                elif role != "lasting":
                    loose = at
                    free.append(at)
                role, role_at = ("end", at) if role == "both" else ("", at)
                if start is not None and end is not None:
                    found.append(_pair(items, start, end, items[end].seconds))
                    start = end = loose = None
        at += 1
    return found, free


def _range_at(items: list[Item], at: int) -> _Found | None:
    """The range that begins with the time at `at`: "a - b", "a to b", "between a and b", "[a, b]"."""
    if at + 2 >= len(items) or items[at + 2].kind != "time":
        return None
    before = items[at - 1].kind if at else ""
    separator = items[at + 1].kind
    bracketed = before == "open" and separator == "comma" and at + 3 < len(items) and items[at + 3].kind == "close"
    if not (
        separator in ("dash", "to", "until") or (before == "between" and separator in ("and", "dash")) or bracketed
    ):
        return None
    first, last = items[at], items[at + 2]
    seconds = first.seconds
    unit = last.unit or 1
    if first.unit is None and seconds * unit <= last.seconds:
        seconds *= unit  # "2 to 3 minutes"
    certain = first.certain or last.certain or before in ("from", "between") or bracketed
    return _Found(_ordered(seconds, last.seconds), certain, at, at + 2)


def _pair(items: list[Item], start: int, end: int, seconds: float) -> _Found:
    return _Found(_ordered(items[start].seconds, seconds), True, min(start, end), max(start, end))


def _ordered(one: float, other: float) -> TimeSpan:
    return TimeSpan(min(one, other), max(one, other))


def _keep_certain(items: list[Item], found: list[_Found]) -> list[_Found]:
    """Drops bare ranges where certain ones exist, save those in one list with a certain one: "1 - 2, 3 - 4 seconds"."""
    certain = [one.certain for one in found]
    for i in range(len(found) - 2, -1, -1):
        between = items[found[i].last + 1 : found[i + 1].first]
        listed = len(between) <= 2 and all(item.kind in ("comma", "and") for item in between)
        certain[i] = certain[i] or (listed and certain[i + 1])
    return [one for one, keep in zip(found, certain, strict=True) if keep] if any(certain) else found


def _is_moment(items: list[Item], at: int) -> bool:
    return items[at].certain or (at > 0 and items[at - 1].kind == "at")
