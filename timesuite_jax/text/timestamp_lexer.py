"""Lexer of `timestamps`: splits an answer into times and the words and marks that relate them.

The text is split by one regular expression without nested repetition, so lexing is linear in the length of any text.
"""

import math
import re
from typing import NamedTuple


class TimeToken(NamedTuple):
    """A time, or a word or mark with a role in the grammar.

    Attributes:
      kind: "time", the role of a word or mark ("dash", "to", "until", "and", "from", "between", "start", "end",
        "lasting", "at", "example", "comma", "open", "close", "stop"), or "other" without a role.
      seconds: value of a time.
      unit: seconds per unit of a time (1, 60, 3600; 1 for "mm:ss"), None without a unit.
      certain: whether the notation identifies a time: it has a unit, a colon, or a decimal point.
    """

    kind: str
    seconds: float = 0.0
    unit: int | None = None
    certain: bool = False


_WORD = re.compile(
    r"""
      (?P<date>(?<!\d)(?:\d{4}([-/.])\d{1,2}\2\d{1,2}|\d{1,2}([-/.])\d{1,2}\3\d{4})(?!\d))
    | (?P<clock>(?<![\d:])\d{1,3}(?::[0-5]\d){1,2}(?:\.\d+)?(?![\d:]))
    | (?P<ordinal>\d+-?(?:st|nd|rd|th)\b)
    | (?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+|\.(?=\s{0,4}[-~\u2013\u2014\u2212]\s{0,4}\d))?)
    | (?P<word>[^\W\d_]+)
    | (?P<mark>\.(?=\s|$)|\S|\n)
    """,
    re.VERBOSE | re.ASCII,
)

_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "seond", "seonds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
}
_DASHES = "-~\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}"


def _by_word(roles: dict[str, str]) -> dict[str, str]:
    return {word: role for role, words in roles.items() for word in words.split()}


_ROLES = _by_word(
    {
        "to": "to through thru",
        "until": "until till",
        "and": "and",
        "from": "from",
        "between": "between",
        "at": "at",
        "start": "start starts starting started begin begins beginning began onset commences",
        "end": "end ends ending ended finish finishes finishing finished stop stops concludes",
        "lasting": "lasts lasting lasted duration",
        "example": "example",
        # Ignored: "from about 3 to roughly the 7 second mark".
        "transparent": "about around approximately approx roughly nearly the up mark point timestamp second seconds",
        # Adjacent numbers are counts, not times.
        "counted": "frame frames fps percent people persons person times steps step years year am pm x figure",
    }
)
_MARKS = {
    **dict.fromkeys(_DASHES, "dash"),
    **dict.fromkeys("[(<", "open"),
    **dict.fromkeys("])>", "close"),
    **dict.fromkeys(".!?", "stop"),
    **dict.fromkeys("*\"'`\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}_", "transparent"),
    **dict.fromkeys("\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}", "transparent"),
    ",": "comma",
    "%": "counted",
    "$": "counted",
    "#": "counted",
}
_COUNTED_BEFORE = frozenset({"frame", "frames", "step", "steps", "figure", "$", "#"})
_COUNTED_AFTER = frozenset(word for word, role in (_ROLES | _MARKS).items() if role == "counted") - {"$", "#", "figure"}


def lex(text: str) -> list[TimeToken]:
    """Splits a lower-case text into tokens."""
    words = list(_WORD.finditer(text))
    tokens: list[TimeToken] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        kind, written = word.lastgroup, word.group()
        if kind == "clock":
            parts = [float(part) for part in written.split(":")]
            seconds = sum(part * 60**power for power, part in enumerate(reversed(parts)))
            follower = words[at].group() if at < len(words) else ""
            tokens.append(TimeToken("time", seconds, 1, True) if follower not in ("am", "pm") else TimeToken("other"))
        elif kind == "number":
            token, at = _lex_number(words, at - 1)
            tokens.append(token)
        elif kind in ("word", "mark"):
            # A full stop within a word or number ("1..2") is not a separator.
            inside = written == "." and word.end() < len(text) and not text[word.end()].isspace()
            role = "other" if inside else (_ROLES if kind == "word" else _MARKS).get(written, "other")
            if role != "transparent":
                tokens.append(TimeToken("other" if role == "counted" else role))
        else:
            tokens.append(TimeToken("other"))  # dates and ordinals
    return tokens


def _lex_number(words: list[re.Match[str]], at: int) -> tuple[TimeToken, int]:
    """Returns the number at `at`, with one or more units ("1 minute 20 seconds"), and the position after it."""
    seconds, unit = 0.0, None
    first = at
    while at < len(words) and words[at].lastgroup == "number":
        value = float(words[at].group().replace(",", ""))
        next_unit = _UNITS.get(words[at + 1].group()) if at + 1 < len(words) else None
        if unit is not None and (next_unit is None or next_unit >= unit):
            break
        seconds, unit = seconds + value * (next_unit or 1), next_unit
        at += 1 if next_unit is None else 2
        if unit is None or unit == 1:
            break
        between = words[at].group() if at < len(words) else ""
        if between in ("and", ",") and _is_smaller_unit(words, at + 1, unit):
            at += 1
    before = words[first - 1] if first else None
    after = words[at] if at < len(words) else None
    glued = (before is not None and before.lastgroup == "word" and before.end() == words[first].start()) or (
        unit is None and after is not None and after.lastgroup == "word" and after.start() == words[at - 1].end()
    )
    counts = (before is not None and before.group() in _COUNTED_BEFORE) or (
        after is not None and after.group() in _COUNTED_AFTER
    )
    if glued or counts or not math.isfinite(seconds):
        return TimeToken("other"), at
    certain = unit is not None or "." in words[first].group()
    return TimeToken("time", seconds, unit, certain), at


def _is_smaller_unit(words: list[re.Match[str]], at: int, unit: int) -> bool:
    return at + 1 < len(words) and words[at].lastgroup == "number" and _UNITS.get(words[at + 1].group(), unit) < unit
