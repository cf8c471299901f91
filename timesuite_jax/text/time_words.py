"""The vocabulary of time in answers: from characters to times and the few words that matter between them.

The first half of `timestamps`. One regular expression without nested repetition splits the text, so reading takes time
proportional to its length whatever a model may have babbled.
"""

import math
import re
from typing import NamedTuple


class Item(NamedTuple):
    """A word that matters.

    Attributes:
      kind: "time", or the role of a word or mark ("dash", "to", "until", "and", "from", "between", "start", "end",
        "lasting", "at", "example", "comma", "open", "close", "stop"), or "other" for what only takes up room.
      seconds: of a time.
      unit: factor of the unit written with a time (1, 60, 3600; "mm:ss" is in seconds), or None.
      certain: whether it is surely a time: it has a unit, a colon, or a decimal point.
    """

    kind: str
    seconds: float = 0.0
    unit: int | None = None
    certain: bool = False


_TOKEN = re.compile(
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
        # These change nothing: "from about 3 to roughly the 7 second mark".
        "transparent": "about around approximately approx roughly nearly the up mark point timestamp second seconds",
        # Numbers before or after these count something else.
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


def read_items(text: str) -> list[Item]:
    """Splits a text, in lower case, into the items that the grammar of `timestamps` reads."""
    tokens = list(_TOKEN.finditer(text))
    items: list[Item] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        at += 1
        kind, written = token.lastgroup, token.group()
        if kind == "clock":
            parts = [float(part) for part in written.split(":")]
            seconds = sum(part * 60**power for power, part in enumerate(reversed(parts)))
            follower = tokens[at].group() if at < len(tokens) else ""
            items.append(Item("time", seconds, 1, True) if follower not in ("am", "pm") else Item("other"))
        elif kind == "number":
            item, at = _read_number(text, tokens, at - 1)
            items.append(item)
        elif kind in ("word", "mark"):
            # A full stop inside a word or a number ("1..2") separates nothing.
            inside = written == "." and token.end() < len(text) and not text[token.end()].isspace()
            role = "other" if inside else (_ROLES if kind == "word" else _MARKS).get(written, "other")
            if role != "transparent":
                items.append(Item("other" if role == "counted" else role))
        else:
            items.append(Item("other"))  # dates and ordinals
    return items


def _read_number(text: str, tokens: list[re.Match[str]], at: int) -> tuple[Item, int]:
    """Reads a number with its unit, and further units ("1 minute 20 seconds"); returns where to go on."""
    seconds, unit = 0.0, None
    first = at
    while at < len(tokens) and tokens[at].lastgroup == "number":
        value = float(tokens[at].group().replace(",", ""))
        next_unit = _UNITS.get(tokens[at + 1].group()) if at + 1 < len(tokens) else None
        if unit is not None and (next_unit is None or next_unit >= unit):
            break
        seconds, unit = seconds + value * (next_unit or 1), next_unit
        at += 1 if next_unit is None else 2
        if unit is None or unit == 1:
            break
        between = tokens[at].group() if at < len(tokens) else ""
        if between in ("and", ",") and _is_smaller_unit(tokens, at + 1, unit):
            at += 1
    before = tokens[first - 1] if first else None
    after = tokens[at] if at < len(tokens) else None
    glued = (before is not None and before.lastgroup == "word" and before.end() == tokens[first].start()) or (
        unit is None and after is not None and after.lastgroup == "word" and after.start() == tokens[at - 1].end()
    )
    counts = (before is not None and before.group() in _COUNTED_BEFORE) or (
        after is not None and after.group() in _COUNTED_AFTER
    )
    if glued or counts or not math.isfinite(seconds):
        return Item("other"), at
    certain = unit is not None or "." in tokens[first].group()
    return Item("time", seconds, unit, certain), at


def _is_smaller_unit(tokens: list[re.Match[str]], at: int, unit: int) -> bool:
    return at + 1 < len(tokens) and tokens[at].lastgroup == "number" and _UNITS.get(tokens[at + 1].group(), unit) < unit
