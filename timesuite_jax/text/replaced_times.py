"""Replaces the times of spans in an answer of any wording."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from timesuite_jax.text.answers.spans import TimeSpan
from timesuite_jax.text.located_spans import LocatedSpan, locate_spans
from timesuite_jax.text.parts import Part, replace_parts
from timesuite_jax.text.repeated_spans import repeats
from timesuite_jax.text.time_text import format_seconds
from timesuite_jax.text.timestamps import format_span, parse_spans
from timesuite_jax.text.written_times import equal_spans, written_seconds
from timesuite_jax.timing.rounding import rounded

_SAME_S = 1e-6


def replace_times(text: str, change: Callable[[TimeSpan], Sequence[float]]) -> str | None:
    """Returns an answer with other times in its spans, written as the answer writes them; other numbers stay.

    The cost is linear in the length of the answer.

    Args:
      text: the answer.
      change: returns the new start and end of a span. Spans that become equal are written once where the answer lists
        them one after the other.

    Returns:
      The answer; None if it writes the times in a way that cannot be replaced reliably, such as "eight seconds".
    """
    spans = parse_spans(text)
    new = {span: TimeSpan(*change(span)) for span in spans}
    if all(span == after for span, after in new.items()):
        return text
    located = locate_spans(text, spans)
    times = None if located is None else _new_times(located, new)
    if located is None or times is None:
        return None
    parts = [*((begin, end, "") for begin, end in repeats(text, located, new)), *times]
    expected = {format_span(span): span for span in new.values()}
    replaced = replace_parts(text, parts)
    return replaced if equal_spans(parse_spans(replaced), list(expected.values())) else None


def _new_times(located: Iterable[LocatedSpan], new: Mapping[TimeSpan, TimeSpan]) -> list[Part] | None:
    """What replaces the times of spans; None if one is not in digits, or would have to become two."""
    parts: dict[tuple[int, int], str] = {}
    for span, *places in located:
        for before, after, place in zip(span, new[span], places, strict=True):
            if place is None:
                if abs(after - before) > _SAME_S:
                    return None
            elif parts.setdefault(place.span(), text := _new_time(place, after)) != text:
                return None
    return [(begin, end, text) for (begin, end), text in parts.items()]


def _new_time(place: re.Match[str], after: float) -> str:
    """What a time becomes, with as many decimals or the digits of a clock that it is written with."""
    written = place.group()
    if abs(after - written_seconds(written)) < _SAME_S:
        return written
    if place["clock"]:
        return _clock_as(written, after)
    decimals = len(written.partition(".")[2])
    if decimals > 1:
        return f"{after:.{decimals}f}"
    return format_seconds(after) if decimals else format_seconds(after).removesuffix(".0")


def _clock_as(written: str, seconds: float) -> str:
    """Writes a time with the parts of another one that is not earlier: "00:08" for 6 s is "00:06"."""
    first, *others = written.split(":")
    whole, tenth = divmod(round(10 * rounded(seconds)), 10)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60) if len(others) > 1 else (0, minutes)
    head = f"{hours:0{len(first)}d}:{minutes:02d}" if len(others) > 1 else f"{minutes:0{len(first)}d}"
    return f"{head}:{rest:02d}" + (f".{tenth}" if tenth or "." in written else "")
