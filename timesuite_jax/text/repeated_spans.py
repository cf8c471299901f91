"""Finds spans of an answer that repeat the one before them, since their times have been changed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from timesuite_jax.text.answers.spans import TimeSpan
from timesuite_jax.text.located_spans import LocatedSpan
from timesuite_jax.text.timestamps import format_span

_SEPARATOR = re.compile(r"\s*[,;]?\s+(?:and|then)\s+(?:then\s+)?|\s*[,;]\s*|\s+", re.IGNORECASE)
_LONGEST = 80  # characters between the times of two spans in a list: "s, and then the event happens from "


def repeats(text: str, located: Sequence[LocatedSpan], new: Mapping[TimeSpan, TimeSpan]) -> Iterator[tuple[int, int]]:
    """Yields the parts of an answer to remove, so that spans that become equal are in it once.

    These are spans in a list in the same words: of "from 1 to 8 s, and from 1 to 9 s" that become the same, "from 1 to
    8" and " s" remain.

    Args:
      text: the answer.
      located: its spans.
      new: what they become.
    """
    for one, other in pairwise(located):
        if one.span == other.span or format_span(new[one.span]) != format_span(new[other.span]):
            continue
        if one.start is None or one.end is None or other.start is None or other.end is None:
            continue
        first, last = sorted((one.start.span(), one.end.span()))
        begin, end = sorted((other.start.span(), other.end.span()))
        within = text[first[1] : last[0]].lower() == text[begin[1] : end[0]].lower()
        if within and _is_list(text, (first[0], last[1]), (begin[0], end[1])):
            yield last[1], end[1]


def _is_list(text: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two parts of a text, one behind the other, have the same words around them."""
    between = text[one[1] : other[0]]
    if len(between) > _LONGEST:
        return False
    for separator in _SEPARATOR.finditer(between):
        lead, unit = between[separator.end() :].lower(), between[: separator.start()].lower()
        before = text[max(0, one[0] - len(lead)) : one[0]]
        after = text[other[1] : other[1] + len(unit)]
        if before.lower() == lead and after.lower() == unit:
            return True
    return False
