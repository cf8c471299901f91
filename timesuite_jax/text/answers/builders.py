"""Builds the spans of a phrase from the times in its groups."""

import re
from collections.abc import Callable
from itertools import pairwise

from timesuite_jax.text.answers.spans import TimeSpan, interval, lasting
from timesuite_jax.text.answers.subjects import are_different
from timesuite_jax.text.answers.tokens import TIMES, Token

Builder = Callable[[list[Token], re.Match[str], float | None], list[TimeSpan | None]]
"""Tokens, match of a phrase, seconds of the video (None if unknown) -> spans, None for what is no span."""

_ALTERNATIVES = {"a": "c", "b": "d"}  # groups of the other branch of a pattern
_BEGINNING, _FINISH = Token("beginning"), Token("finish")


def pair(tokens: list[Token], match: re.Match[str], duration: float | None) -> list[TimeSpan | None]:
    """From a to b, in either order."""
    return [interval(_time(tokens, match, "a"), _time(tokens, match, "b"), duration)]


def pair_of_one_subject(tokens: list[Token], match: re.Match[str], duration: float | None) -> list[TimeSpan | None]:
    """From a to b; nothing where something else starts at a than ends at b."""
    end = next((at for at in range(match.start("b"), match.start("a"), -1) if tokens[at].kind == "end"), None)
    different = end is not None and are_different(tokens, match.start(), end)
    return [] if different else pair(tokens, match, duration)


def end_and_start(tokens: list[Token], match: re.Match[str], duration: float | None) -> list[TimeSpan | None]:
    """From b to a; none if b is later: that is the start of another event."""
    end, start = _time(tokens, match, "a"), _time(tokens, match, "b")
    return [interval(start, end, duration) if start.seconds <= end.seconds else None]


def pair_with_end(tokens: list[Token], match: re.Match[str], duration: float | None) -> list[TimeSpan | None]:
    """From a to b, the corrected end; none if b is earlier or closer to a than to the end: it may correct the start."""
    replaced = [token for token in tokens[match.start() : match.end()] if token.kind in TIMES][1]
    start, end = _time(tokens, match, "a"), _time(tokens, match, "b")
    span = interval(start, end, duration)
    begin = start.seconds * (1.0 if start.unit else replaced.unit or end.unit or 1.0)
    is_end = abs(end.seconds - replaced.seconds) <= abs(end.seconds - begin)
    return [span if is_end and (start.unit is None or start.seconds <= end.seconds) else None]


def start_and_length(tokens: list[Token], match: re.Match[str], duration: float | None) -> list[TimeSpan | None]:
    """From a, for b."""
    return [lasting(_time(tokens, match, "a"), _time(tokens, match, "b"))]


def from_beginning(tokens: list[Token], match: re.Match[str], duration: float | None) -> list[TimeSpan | None]:
    """From the beginning of the video to b."""
    return [interval(_BEGINNING, _time(tokens, match, "b"), duration)]


def to_finish(tokens: list[Token], match: re.Match[str], duration: float | None) -> list[TimeSpan | None]:
    """From a to the end of the video."""
    return [interval(_time(tokens, match, "a"), _FINISH, duration)]


def last_seconds(tokens: list[Token], match: re.Match[str], duration: float | None) -> list[TimeSpan | None]:
    """The last a seconds of the video."""
    return [] if duration is None else [TimeSpan(max(0.0, duration - _time(tokens, match, "a").seconds), duration)]


def whole_video(tokens: list[Token], match: re.Match[str], duration: float | None) -> list[TimeSpan | None]:
    """All of the video."""
    return [interval(_BEGINNING, _FINISH, duration)]


def pair_in_unit(tokens: list[Token], match: re.Match[str], duration: float | None) -> list[TimeSpan | None]:
    """From a to b, in the unit at the end of the phrase where they have none: "[5, 12] minutes"."""
    unit = tokens[match.end() - 1].unit or 1.0
    times = (_time(tokens, match, group) for group in "ab")
    first, last = (time if time.unit else Token("measured", time.seconds * unit, unit) for time in times)
    return [interval(first, last, duration)]


def pairs(tokens: list[Token], match: re.Match[str], duration: float | None) -> list[TimeSpan | None]:
    """From each first time to each second one."""
    times = [time for time in tokens[match.start() : match.end()] if time.kind in TIMES]
    return [interval(start, end, duration) for start, end in zip(times[::2], times[1::2], strict=True)]


def ascending_pairs(tokens: list[Token], match: re.Match[str], duration: float | None) -> list[TimeSpan | None]:
    """As `pairs`; none if not every time is later than that before it: they are points of a picture."""
    seconds = [token.seconds for token in tokens[match.start() : match.end()] if token.kind in TIMES]
    return pairs(tokens, match, duration) if all(a < b for a, b in pairwise(seconds)) else []


def variables(tokens: list[Token], match: re.Match[str], duration: float | None) -> list[TimeSpan | None]:
    """From the value of a variable to that of the next; none if there are others: "t0 = 5, t1 = 12, t2 = 20"."""
    numbers = [token.seconds for token in tokens[match.start() : match.end()] if token.kind == "variable"]
    first, second = numbers[:2]
    alternate = numbers == [first, second] * (len(numbers) // 2) and abs(first - second) == 1
    return pairs(tokens, match, duration) if alternate else []


def lists(tokens: list[Token], match: re.Match[str], duration: float | None) -> list[TimeSpan | None]:
    """From each time in a to the one in b; nothing if the lists differ in length."""
    starts, ends = ([time for time in tokens[slice(*match.span(group))] if time.kind != "comma"] for group in "ab")
    if len(starts) != len(ends):
        return []
    return [interval(start, end, duration) for start, end in zip(starts, ends, strict=True)]


def _time(tokens: list[Token], match: re.Match[str], group: str) -> Token:
    """The time of a group, in the unit that the phrase names before it: "start (min): 5"."""
    at = match.start(group if match[group] else _ALTERNATIVES[group])
    time = tokens[at]
    if time.kind in ("bare", "decimal"):
        for before in reversed(tokens[max(match.start(), at - 6) : at]):
            if before.kind in ("start", "end", "lasting"):
                break
            if before.kind == "scale" and before.unit is not None:
                return Token("measured", time.seconds * before.unit, before.unit)
    return time
