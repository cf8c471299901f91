"""Numbers in words of other languages than English where they are times: "von fünf bis zwölf Sekunden".

Many of the words mean something else: only beside a unit of time they are numbers.
"""

import functools
import re

from timesuite_jax.text.answers.number_words import LARGER, number_words
from timesuite_jax.text.answers.vocabulary import ANY_UNIT, LETTER
from timesuite_jax.text.answers.word_entries import WORD, entries_at, most_words

_DIGITS = re.compile(r"\d[\d.,]*")
_UNIT = re.compile(rf"\s?(?:{ANY_UNIT})(?!{LETTER})")
# Between two numbers of which only the second one has a unit.
_TO = r"(?:\s?[-~]\s?|\s(?:bis|und|à|et|a|ai|y|e|hasta|até|ao|aos|fino\sa|al|до|по|и|to|and)\s)"
_LINK = re.compile(rf"{_TO}(?:(?:zur?|zum|la|los|las|les|il|i|os|as|den|der)\s)?")
_END = re.compile(rf"(?={_TO}|\s{{0,2}}(?:[.,;:)\]]|$))")


@functools.cache
def first_words() -> dict[str, int]:
    """Returns how many words a number may have, by the first one."""
    return most_words(number_words())


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
    found = entries_at(text, start, number_words(), first_words())
    return found[0] if found and _word_after(text, found[0][1]) not in LARGER else None


def _word_before(text: str, start: int) -> str:
    return text[max(0, start - 12) : start].strip().rpartition(" ")[2]


def _word_after(text: str, end: int) -> str:
    following = WORD.match(text, end + 1)
    return following[0] if following else ""
