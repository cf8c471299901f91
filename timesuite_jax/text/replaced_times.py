"""Replaces the times of spans in an answer of any wording."""

import re
from collections.abc import Callable, Collection, Sequence

from timesuite_jax.text.answers.spans import TimeSpan
from timesuite_jax.text.time_text import format_seconds
from timesuite_jax.text.timestamps import format_span, parse_spans
from timesuite_jax.text.written_times import WRITTEN_TIME, equal_spans, written_seconds
from timesuite_jax.timing.rounding import rounded

_SAME_S = 1e-6
# "from 1.0 to 6.0 seconds, and from 1.0 to 6.0 seconds"
_REPEATED = re.compile(r"(?<![^\s,;(])([^,;]{0,40}\d[^,;]{0,40}?)(?:[,;]? and |[,;] )\1(?![^\s,;.)])", re.IGNORECASE)


def replace_times(text: str, change: Callable[[TimeSpan], Sequence[float]]) -> str | None:
    """Returns an answer with other times in its spans, written as the answer writes them; other numbers stay.

    Args:
      text: the answer.
      change: returns the new start and end of a span. Spans that become equal are written once where the answer lists
        them one after the other.

    Returns:
      The answer; None if it writes the times in a way that cannot be replaced reliably, such as "eight seconds", or,
      in some wordings, one of the spans twice.
    """
    spans = parse_spans(text)
    new = [TimeSpan(*change(span)) for span in spans]
    if new == spans:
        return text
    moved: dict[float, float] = {}
    for one, other in zip(spans, new, strict=True):
        for before, after in zip(one, other, strict=True):
            if moved.setdefault(before, after) != after:
                return None  # the end of one span is the start of the next, and only one of them changes

    def replace(match: re.Match[str]) -> str:
        if (after := _replacement(match, moved)) == match.group():
            return after
        alone = f"{text[: match.start()]}{after}{text[match.end() :]}"
        return match.group() if parse_spans(alone) == spans else after  # no time of a span: "cooks for 8 s"

    replaced = WRITTEN_TIME.sub(replace, text)
    distinct = {format_span(span): span for span in new}
    if len(distinct) < len(new):
        replaced = _without_repeats(replaced, distinct)
    expected = list(distinct.values())
    return replaced if equal_spans(parse_spans(replaced), expected) else None


def _replacement(match: re.Match[str], moved: dict[float, float]) -> str:
    """What a time becomes, with as many decimals or the digits of a clock that it is written with."""
    written = match.group()
    seconds = written_seconds(written)
    after = next((after for before, after in moved.items() if abs(seconds - before) < _SAME_S), seconds)
    if abs(after - seconds) < _SAME_S:
        return written
    if match["clock"]:
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


def _without_repeats(text: str, spans: Collection[str]) -> str:
    """Writes each of the spans once; other words that an answer repeats stay: "he counts 3, 3, 4"."""

    def once(match: re.Match[str]) -> str:
        written = parse_spans(match[1])
        return match[1] if written and all(format_span(span) in spans for span in written) else match.group()

    while (shorter := _REPEATED.sub(once, text)) != text:
        text = shorter
    return text
