"""Numbers in words of other languages than English where they are times: "von fünf bis zwölf Sekunden".

Many of the words mean something else: only beside a unit of time they are numbers.
"""

import re

from timesuite_jax.text.answers.number_words import LARGER, most_words, number_words
from timesuite_jax.text.answers.vocabulary import ANY_UNIT, LETTER

_WORD = re.compile(rf"{LETTER}+")
_DIGITS = re.compile(r"\d[\d.,]*")
_UNIT = re.compile(rf"\s?(?:{ANY_UNIT})(?!{LETTER})")
# Between two numbers of which only the second one has a unit.
_TO = r"(?:\s?[-~]\s?|\s(?:bis|und|à|et|a|ai|y|e|hasta|até|ao|aos|fino\sa|al|до|по|и|to|and)\s)"
_LINK = re.compile(rf"{_TO}(?:(?:zur?|zum|la|los|las|les|il|i|os|as|den|der)\s)?")
_END = re.compile(rf"(?={_TO}|\s{{0,2}}(?:[.,;:)\]]|$))")


def number_in_words(text: str, start: int, behind_unit: bool) -> tuple[float, int] | None:
    """Returns the number in words at `start` and the position after it; None if there is none, or it is no time.

    Args:
      text: the answer, as `plain_characters` returns it.
      start: position of a word.
      behind_unit: whether a unit precedes: "Sekunde fünf", "fünf Minuten zwanzig".
    """
    number = _longest(text, start)
    if number is None or _word_before(text, start) in LARGER:
        return None
    value, end = number
    if _UNIT.match(text, end):
        return number
    link = _LINK.match(text, end)
    if link is not None and value > 1:  # 1 is an article too
        digits, following = _DIGITS.match(text, link.end()), _longest(text, link.end())
        after = digits.end() if digits else following[1] if following else None
        if after is not None and _UNIT.match(text, after):
            return number
    return number if behind_unit and _END.match(text, end) else None


def _longest(text: str, start: int) -> tuple[float, int] | None:
    """The longest number in words at `start`, of the dictionary."""
    first = _WORD.match(text, start)
    most = most_words().get(first[0]) if first else None
    if first is None or most is None:
        return None
    written, end = first[0], first.end()
    longest: tuple[float, int] | None = None
    for _ in range(most):
        if written in number_words():
            longest = number_words()[written], end
        following = _WORD.match(text, end + 1) if text[end : end + 1] in (" ", "-") else None
        if following is None:
            break
        written, end = f"{written} {following[0]}", following.end()
    return None if longest is None or _word_after(text, longest[1]) in LARGER else longest


def _word_before(text: str, start: int) -> str:
    return text[max(0, start - 12) : start].strip().rpartition(" ")[2]


def _word_after(text: str, end: int) -> str:
    following = _WORD.match(text, end + 1)
    return following[0] if following else ""
