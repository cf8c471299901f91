"""Finds the phrases in the tokens of an answer and decides which of them denote its spans."""

import re
from collections.abc import Iterator

from timesuite_jax.text.answers.captions import without_durations
from timesuite_jax.text.answers.found import Found
from timesuite_jax.text.answers.phrase import CERTAIN, UNCERTAIN
from timesuite_jax.text.answers.phrases import PHRASES
from timesuite_jax.text.answers.retractions import without_retracted
from timesuite_jax.text.answers.spans import TimeSpan
from timesuite_jax.text.answers.tokens import Token, compile_phrase, letters, unnamed

_ROWS = [(row, compile_phrase(row.pattern)) for row in PHRASES.values()]
# All rows, one after the other, each with an empty group behind it that identifies it.
_ANY = re.compile("|".join(f"(?:{unnamed(pattern)})()" for _, pattern in _ROWS), re.VERBOSE)
_LIST_MARKS = frozenset({"comma", "and", "line", "separator"})


def find_spans(tokens: list[Token], duration: float | None) -> list[TimeSpan]:
    """Returns the spans that the tokens denote, in order and without duplicates.

    Args:
      tokens: of the answer.
      duration: seconds of the video; None if unknown.
    """
    found = without_durations(tokens, list(_phrases(tokens, duration)))
    found = _with_lists(tokens, without_retracted(tokens, found))
    best = max((one.certainty for one in found), default=0)
    return list(dict.fromkeys(span for one in found if one.certainty == best for span in one.spans))


def _phrases(tokens: list[Token], duration: float | None) -> Iterator[Found]:
    kinds = letters(tokens)
    at = 0
    while (found := _ANY.search(kinds, at)) is not None and found.lastindex is not None:
        row, pattern = _ROWS[found.lastindex - 1]
        match = pattern.match(kinds, found.start())
        assert match is not None
        at = match.end()
        spans = [span for span in row.build(tokens, match, duration) if span is not None] if row.build else []
        if spans:
            times = tokens[match.start() : match.end()]
            units = [time.unit for time in times if time.kind in ("measured", "clock", "stamp")]
            identified = units or any(time.kind in ("decimal", "beginning", "finish") for time in times)
            certainty = CERTAIN if row.certainty == UNCERTAIN and identified else row.certainty
            yield Found(spans, certainty, units[-1] if units else None, match.start(), match.end())


def _with_lists(tokens: list[Token], found: list[Found]) -> list[Found]:
    """Gives ranges in a list what the last one has: "1 - 2, 3 - 4 minutes" are minutes, and certain.

    A later range without a unit is certain behind one in seconds: "[5.5, 12], [20, 30]".
    """
    for at in range(len(found) - 2, -1, -1):
        one, following = found[at], found[at + 1]
        between = tokens[one.last : following.first]
        if one.unit is None and len(between) <= 2 and all(token.kind in _LIST_MARKS for token in between):
            factor = following.unit or 1.0
            spans = [TimeSpan(span.start * factor, span.end * factor) for span in one.spans]
            if spans[-1].end <= following.spans[0].start or factor == 1:
                found[at] = Found(spans, max(one.certainty, following.certainty), following.unit, one.first, one.last)
    for at in range(1, len(found)):
        one, previous = found[at], found[at - 1]
        between = tokens[previous.last : one.first]
        listed = 0 < len(between) <= 2 and all(token.kind in _LIST_MARKS for token in between)
        in_seconds = one.unit is None and previous.unit in (None, 1.0)
        if listed and in_seconds and previous.spans[-1].end <= one.spans[0].start:
            found[at] = one._replace(certainty=max(one.certainty, previous.certainty))
    return found
