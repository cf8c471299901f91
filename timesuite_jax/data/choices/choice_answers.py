"""Which option of a multiple-choice question an answer in words chooses."""

import re
from collections.abc import Sequence

from timesuite_jax.data.choices.choice_question import LETTERS

_MARKS = r"[(\[{*_`\"' ]*"
_FIRST = re.compile(rf"{_MARKS}(?:option\s+)?{_MARKS}([A-J])(?:[)\]}}.,:;*_`\"']|\s*$|\s*\n)", re.IGNORECASE)
_STATED = re.compile(
    rf"\b(?:answer|option|choice)(?:\s+(?:is|would\s+be|should\s+be))?\s*:?\s*{_MARKS}(?:option\s+)?{_MARKS}([A-J])\b"
    r"(?!\s+[a-z])",
    re.IGNORECASE,
)
_MARKED = re.compile(r"\(([A-J])\)", re.IGNORECASE)


def read_choice(text: str, options: Sequence[str] | None) -> tuple[int, ...]:
    """Reads the letter at the beginning, the letter that is called the answer, the only "(B)", or an option's text.

    Args:
      text: of the answer; what is before the end of a thinking part is left out.
      options: texts of the options; None if they are not known, so that only letters are read.

    Returns:
      The index of the option, or nothing if the answer chooses none or several.
    """
    allowed = LETTERS if options is None else LETTERS[: len(options)]
    options = options or ()
    text = text.rpartition("</think>")[2].strip()
    normal = _normal(text)
    if normal and (equal := [number for number, option in enumerate(options) if _normal(option) == normal]):
        return tuple(equal[:1])
    stated = [found[1].upper() for found in _STATED.finditer(text)]
    marked = {found[1].upper() for found in _MARKED.finditer(text)}
    first = _FIRST.match(text)
    letters = [first[1].upper()] if first else []
    letters += stated[-1:] + (list(marked) if len(marked) == 1 else [])
    for letter in letters:
        if letter in allowed:
            return (LETTERS.index(letter),)
    named = [number for number, option in enumerate(options) if f" {_normal(option)} " in f" {normal} "]
    # "red" is in "dark red", too: an option within another that is named does not count.
    whole = [one for one in named if not any(one != n and _normal(options[one]) in _normal(options[n]) for n in named)]
    return tuple(whole) if len(whole) == 1 else ()


def _normal(text: str) -> str:
    """Words in lower case, separated by single spaces."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))
