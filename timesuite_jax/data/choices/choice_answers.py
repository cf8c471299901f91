"""Which option of a multiple-choice question an answer in words chooses."""

import re
from collections.abc import Sequence

from timesuite_jax.data.choices.choice_question import LETTERS

# Possessive, as no letter is one of them: spaces that several groups could match would take cubic time.
_MARKS = r"[(\[{*_`\"'\s]*+"
_OPTION = rf"{_MARKS}(?:option\s++{_MARKS})?"
# A letter alone, unlike those of "I'd", "B-roll" and "C's". Words may follow a capital that is no word itself; "A" and
# "I" are words, which only some words show to be letters.
_LETTER = r"([A-J])(?![^\W_])(?!['\u2019-](?-i:[a-z]))"
_BEFORE_WORDS = r"(?:(?-i:[B-HJ])|(?-i:A)(?=[ \t]+(?:is|because|since|as|due)\b)|.(?![ \t]+\w))"
_CHOSEN = rf"(?={_BEFORE_WORDS}){_LETTER}"
_RIGHT = r"[)\]}*_`\"']*\s+is\s+(?:clearly\s+)?(?:the\s+)?(?:most\s+)?(?:correct|right|best|answer|accurate)\b"

_FIRST = re.compile(rf"{_OPTION}{_LETTER}(?:[)\]}}.,:;*_`\"']|\s+[-\u2013\u2014:]\s|\s*$|\s*\n)", re.IGNORECASE)
_FIRST_OF_WORDS = re.compile(
    rf"{_OPTION}{_CHOSEN}(?=\s)(?!\s+(?:and|or)\b)"
    r"(?!\s+(?:is|was|seems)(?:n't|n\u2019t|\s+(?:not|incorrect|wrong|false))\b)",
    re.IGNORECASE,
)
_STATED = re.compile(
    rf"\b(?:answer|option|choice)(?:\s++(?:is|would\s+be|should\s+be)\s*+:?|\s*+:){_OPTION}{_CHOSEN}"
    rf"|\b(?:answer|option|choice){_OPTION}{_LETTER}(?!\s+[a-z])"
    rf"|(?<!\w)(?-i:{_LETTER}){_RIGHT}",
    re.IGNORECASE,
)
_MARKED = re.compile(r"(?:\(|\\boxed\{)([A-J])[)}]", re.IGNORECASE)
# A sign before a number is a part of it: -5, >10.
_WORD = re.compile(r"(?:(?<!\w)[-\u2212+<>\u2264\u2265]=?(?=\d))?[^\W_]+")


def read_choice(text: str, options: Sequence[str] | None) -> tuple[int, ...]:
    """Reads the letter at the beginning, the letter that is called the answer, the only "(B)", or an option.

    Args:
      text: of the answer; what is before the end of a thinking part, or outside of `<answer>`, is left out.
      options: texts of the options; None if they are not known, so that only letters are read.

    Returns:
      The index of the option, or nothing if the answer chooses none or several.
    """
    allowed = LETTERS if options is None else LETTERS[: len(options)]
    options = options or ()
    text = text.rpartition("</think>")[2].rpartition("<answer>")[2].partition("</answer>")[0].strip()
    if not text:
        return ()
    if exact := [number for number, option in enumerate(options) if option.strip().casefold() == text.casefold()]:
        return tuple(exact[:1])
    normal = _normal(text)
    contents = [_normal(option) for option in options]
    if normal and contents.count(normal) == 1:
        return (contents.index(normal),)
    marked = {found[1].upper() for found in _MARKED.finditer(text)}
    letters = [
        *_letters(_FIRST.match(text)),
        *_letters(*list(_STATED.finditer(text))[-1:]),
        *(marked if len(marked) == 1 else ()),
        *_letters(_FIRST_OF_WORDS.match(text)),
    ]
    for letter in letters:
        if letter.upper() in allowed:
            return (LETTERS.index(letter.upper()),)
    named = [number for number, content in enumerate(contents) if content and f" {content} " in f" {normal} "]
    # "red" is in "dark red", too: an option within another that is named does not count.
    whole = [one for one in named if not any(one != n and f" {contents[one]} " in f" {contents[n]} " for n in named)]
    return tuple(whole) if len(whole) == 1 else ()


def _letters(*found: re.Match[str] | None) -> list[str]:
    return [letter for match in found if match for letter in match.groups() if letter]


def _normal(text: str) -> str:
    """Words in lower case, separated by single spaces."""
    return " ".join(_WORD.findall(text.casefold()))
