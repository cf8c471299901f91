"""Drops the spans that an answer takes back: "5 - 12 s? No, 20 - 30 s"."""

from bisect import bisect_right

from timesuite_jax.text.answers.captions import caption_lists
from timesuite_jax.text.answers.found import Found
from timesuite_jax.text.answers.tokens import OPEN, TIMES, Token

_SENTENCE_ENDS = frozenset({"stop", "line"})
# "No" and "actually" take back at the beginning of a clause or behind a time only.
_CLAUSE_BOUNDARIES = TIMES | OPEN | _SENTENCE_ENDS
_CORRECTIONS = frozenset({"correction", "restatement", "hesitation", "retraction"})
_CLAUSE_BOUNDARIES |= _CORRECTIONS | {"comma", "dash", "clause", "scale", "close"}
_CONNECTIVES = frozenset(
    {"from", "between", "at", "is", "to", "weak_to", "until", "start", "end", "lasting", "for", "by", "bridge", "also"}
)
# What may be between a correction and the corrected times: "Oops, I misread it. It is not 5 - 12 s but 20 - 30 s".
_BRIDGE = (_CLAUSE_BOUNDARIES | _CONNECTIVES) | {"not", "first", "last", "count", "and"}
_LONGEST_BRIDGE = 40  # tokens


def without_retracted(tokens: list[Token], found: list[Found]) -> list[Found]:
    """Returns what is found in an answer without what its corrections and retractions replace.

    Each of them takes back what precedes it on its line; if that is nothing, all lines before. The caption of a span
    takes nothing back: "5 - 12 s - Sorry.\n20 - 30 s - No.", nor does anything in a list of spans with captions.

    Args:
      tokens: of the answer.
      found: its phrases, in order.
    """
    starts = [one.first for one in found]
    times = [at for at, token in enumerate(tokens) if token.kind in TIMES]
    listed = caption_lists(tokens, found)
    kept, line = found, 0
    for at, token in enumerate(tokens):
        if token.kind == "line":
            line = at
        elif token.kind in _CORRECTIONS:
            count = bisect_right(starts, at)
            last, following = (found[count - 1] if count else None), (found[count] if count < len(found) else None)
            number = listed.get(last.first) if last is not None else None
            in_list = number is not None and (following is None or listed.get(following.first) == number)
            within = last is not None and at < last.last  # "5 to 12 s, I mean 13"
            if within or in_list or _is_caption(tokens, at, last, following):
                continue
            if token.kind == "hesitation" and following is None and last is not None and _is_within(tokens, at, last):
                continue
            if token.kind == "retraction" or _is_correction(tokens, at, following, times):
                on_line = any(line <= one.first < at for one in kept)
                kept = [one for one in kept if one.first > at or (on_line and one.first < line)]
    return kept


def _is_within(tokens: list[Token], at: int, last: Found) -> bool:
    """Whether there are times behind the word at `at`, all of them within the span before it."""
    times = [token for token in tokens[at : at + _LONGEST_BRIDGE] if token.kind in TIMES]
    return bool(times) and all(any(a <= time.seconds <= b for a, b in last.spans) for time in times)


def _is_caption(tokens: list[Token], at: int, last: Found | None, following: Found | None) -> bool:
    """Whether the word at `at` is what an answer states about a span, in a list of spans and captions."""
    if last is None or following is None or last.last != at - 1 or tokens[at - 1].kind not in ("comma", "dash"):
        return False
    between = {token.kind for token in tokens[at : min(following.first, at + _LONGEST_BRIDGE)]}
    is_list = following.last < len(tokens) and tokens[following.last].kind == tokens[at - 1].kind
    return "line" in between or ("stop" in between and is_list)


def _is_correction(tokens: list[Token], at: int, following: Found | None, times: list[int]) -> bool:
    """Whether the times that follow the word at `at` replace those before it."""
    if at and tokens[at - 1].kind not in _CLAUSE_BOUNDARIES:
        return False
    number = bisect_right(times, at)
    corrected = following.first if following is not None else times[number] if number < len(times) else None
    if corrected is None or corrected - at > _LONGEST_BRIDGE:
        return False
    kinds = [token.kind for token in tokens[at + 1 : corrected + 1]]
    if _BRIDGE.issuperset(kinds):
        return True
    # "No, he opens the door from 20 to 30 s", in one sentence.
    begins_sentence = at == 0 or tokens[at - 1].kind in _SENTENCE_ENDS
    if not _SENTENCE_ENDS.isdisjoint(kinds):
        return False
    if _CONNECTIVES.isdisjoint(kinds[-2:]):
        return begins_sentence and tokens[at].kind != "restatement" and kinds[-2:-1] == ["comma"]
    return begins_sentence or tokens[at].kind != "restatement"
