"""Captions: what an answer states about each span of a list, as in "0 - 5 s, he sits. 5 - 12 s, he eats"."""

from itertools import pairwise

from timesuite_jax.text.answers.found import Found
from timesuite_jax.text.answers.tokens import OPEN, TIMES, Token

_SENTENCE_ENDS = frozenset({"stop", "line"})
_CORRECTIONS = frozenset({"correction", "restatement", "hesitation", "retraction"})
# Behind one of these a range is a span in whatever notation: "5.0 - 12.0 seconds, he sits, and at 20 - 30 s he stands".
_BEFORE_SPANS = _SENTENCE_ENDS | {"bracket", "and", "at", "is", "from", "between", "start", "end"}
_ENDS = _SENTENCE_ENDS | {"comma", "close"}
_BEFORE_CAPTIONS = ([Token("comma")], [Token("paren")], [Token("is")])
# These alone are no caption: "5.0 - 12.0 seconds, then 20 - 30 seconds".
_NO_CAPTION = frozenset(
    {"bridge", "separator", "comma", "open", "bracket", "paren", "close", "dash", "and", "is", "also", "first"}
)


def without_durations(tokens: list[Token], found: list[Found]) -> list[Found]:
    """Returns what is found in an answer without the durations within captions: "9.0 - 12.0 seconds, fry 2-3 minutes".

    A range is one if its notation is not that of the span before the caption, and if it follows a word of the caption.

    Args:
      tokens: of the answer.
      found: its phrases, in order.
    """
    kept: list[Found] = []
    captioned: Found | None = None
    for one in found:
        if _is_captioned(tokens, one):
            captioned = one
        elif captioned is not None and _is_duration(tokens, one, captioned):
            continue
        elif captioned is not None and captioned is kept[-1] and _has_no_caption(tokens, captioned, one):
            captioned = None  # a list of spans alone: "3-7, 12-20, 30-41 s"
        kept.append(one)
    return kept


def caption_lists(tokens: list[Token], found: list[Found]) -> dict[int, int]:
    """Returns which phrases are in a list of spans with captions: index of the first token -> number of the list.

    A list has three ascending spans or more, or two of which the second begins where the first ends, in one notation.

    Args:
      tokens: of the answer.
      found: its phrases, in order.
    """
    lists: list[list[Found]] = [[]]
    for one in found:
        if _is_captioned(tokens, one):
            if lists[-1] and not _continues(tokens, lists[-1][-1], one):
                lists.append([])
            lists[-1].append(one)
    return {
        one.first: number
        for number, members in enumerate(lists)
        if len(members) > 2 or any(a.spans[-1].end == b.spans[0].start for a, b in pairwise(members))
        for one in members
    }


def _is_captioned(tokens: list[Token], one: Found) -> bool:
    """Whether the span begins a sentence or line, and text follows it there."""
    before, after = one.first - 1, one.last
    if before >= 0 and tokens[before].kind in OPEN:
        before -= 1
    if after < len(tokens) and tokens[after].kind == "close":
        after += 1
    begins = before < 0 or tokens[before].kind in _SENTENCE_ENDS
    return begins and after < len(tokens) and tokens[after].kind not in _SENTENCE_ENDS


def _continues(tokens: list[Token], previous: Found, one: Found) -> bool:
    same = _notation(tokens, previous)[1:] == _notation(tokens, one)[1:]
    return same and previous.spans[-1].end <= one.spans[0].start


def _is_duration(tokens: list[Token], one: Found, captioned: Found) -> bool:
    between = [token.kind for token in tokens[captioned.last : one.first]]
    if tokens[one.first].kind not in TIMES or not between or between[-1] in _BEFORE_SPANS:
        return False
    times = [token for token in tokens[one.first : one.last] if token.kind in TIMES]
    if any(token.kind == "clock" for token in times) or all(token.unit is not None for token in times):
        return False  # "1:05 - 1:12", "65 seconds to 70 seconds": nothing lasts that long in these words
    if _has_no_caption(tokens, captioned, one):
        # "5.0 - 12.0 Sekunden, dann 20 - 30 Sekunden rühren"
        after = [token.kind for token in tokens[one.last : one.last + 2]]
        return "also" in between and after[:1] == ["other"] and _ENDS.issuperset(after[1:])
    if not _CORRECTIONS.isdisjoint(between):
        return False
    separated = between[-1] == "also" and not _NO_CAPTION.isdisjoint(between[-2:-1])
    if separated and tokens[one.last : one.last + 1] in _BEFORE_CAPTIONS:
        return False  # "5.0 - 12.0 seconds, he sits, then 20 - 30 seconds, he eats"
    notation, expected = _notation(tokens, one), _notation(tokens, captioned)
    if between[-1] == "comma" and tokens[one.last : one.last + 1] == [Token("comma")]:
        return not _continues(tokens, captioned, one)  # "...; 5 - 12 seconds, he sits"
    return notation[1:] != expected[1:] or (notation[0] != expected[0] and notation[0] != "decimal")


def _has_no_caption(tokens: list[Token], one: Found, following: Found) -> bool:
    return _NO_CAPTION.issuperset(token.kind for token in tokens[one.last : following.first])


def _notation(tokens: list[Token], one: Found) -> tuple[str, str, float | None]:
    """Kinds of the first time (without a unit in "5.0 - 12.0 seconds") and of the last one, and its unit."""
    times = [token for token in tokens[one.first : one.last] if token.kind in TIMES]
    if not times:
        return "", "", None
    last = "bare" if times[-1].kind == "decimal" else times[-1].kind
    return times[0].kind, last, times[-1].unit
