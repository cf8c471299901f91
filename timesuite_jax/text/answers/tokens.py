"""Tokens of an answer: times, and the words and marks that relate them; each kind has a letter.

A sequence of tokens is also a string of letters, so that phrases are regular expressions over kinds (`rules`).
"""

import re
from typing import NamedTuple

KINDS = {
    # Times.
    "bare": "N",  # an integer without a unit: a time only where the phrase makes it one
    "decimal": "D",  # a number with a decimal point, without a unit
    "measured": "U",  # with a unit
    "clock": "K",  # "1:05"
    "stamp": "T",  # "<|1.05|>", a special token of the model
    "spelled": "W",  # "five", "5th": a time only beside one with a unit
    "beginning": "B",  # "the beginning of the video"
    "finish": "Z",  # "the end of the video"; infinite
    # Numbers that are not times.
    "count": "c",
    "variable": "V",  # "t0" and its number
    # Words and marks.
    "dash": "d", "to": "t", "weak_to": "a", "until": "u", "and": "i", "from": "f", "between": "b", "at": "m",
    "start": "s", "end": "e", "lasting": "l", "for": "o", "is": "g", "not": "r", "example": "x", "quantity": "q",
    "absence": "ä",
    "denial": "n", "denied": "F", "except": "j", "correction": "k", "restatement": "M",
    "hesitation": "ï", "retraction": "X",
    "clause": "R", "relative": "E", "amount": "A", "by": "Y", "than": "H", "over": "I", "less": "J",
    "first": "v", "last": "w", "whole": "y", "onwards": "z", "scale": "h",
    "comma": "C", "bracket": "P", "paren": "p", "close": "Q", "stop": "S", "line": "L",
    "bridge": "G",  # a word that may be between a correction and the corrected times: "it", "happens", "mistake"
    "also": "ü",  # "then", "as well as": another event follows
    "half": "ö",  # "and a half"
    "newcomer": "ë",  # "another" at the beginning of a clause: someone or something else
    "separator": "Ö",  # between spans or other parts of a list: "/", "|"
    "other": "O",
}  # fmt: skip
_OTHER = ["other", "separator", "bridge", "also", "newcomer", "variable", "by", "over", "than", "less"]
_CLASSES = {
    **{name: [name] for name in KINDS},
    "time": ["bare", "decimal", "measured", "clock", "stamp", "spelled", "beginning", "finish"],
    "certain": ["decimal", "measured", "clock", "stamp", "beginning", "finish"],
    "unit": ["measured", "clock", "stamp"],
    "sep": ["dash", "to", "until"],
    "word_to": ["to", "until"],
    "open": ["bracket", "paren"],
    "other": _OTHER,
    "word": [*_OTHER, "clause", "relative"],
    "correction": ["correction", "restatement", "hesitation"],
    "bridge": ["bridge", "also"],
}


class Token(NamedTuple):
    """A token.

    Attributes:
      kind: a key of `KINDS`.
      seconds: value of a time; in units of its own if it has none.
      unit: seconds per unit of a time (1 for clock times), or of a unit without a number; None without a unit.
      word: the word, of a token that is none of a number.
    """

    kind: str
    seconds: float = 0.0
    unit: float | None = None
    word: str = ""


OTHER = Token("other")
COUNT = Token("count")
OPEN = frozenset(_CLASSES["open"])
TIMES = frozenset(_CLASSES["time"])


def letters(tokens: list[Token]) -> str:
    """Returns the letters of the tokens' kinds."""
    return "".join(KINDS[token.kind] for token in tokens)


_ROLE_TIME = """{^time|start|end|lasting|quantity|count|stop|not|denial|denied}{0,12}
    (?P<%s>{certain}|(?<={start|end|lasting|at|is|from|until|to|open|dash|comma|scale}){bare})"""
_FRAGMENTS = {
    # The time of the role named before: anywhere near it if its notation is that of a time, else directly behind it.
    "A": _ROLE_TIME % "a",
    "B": _ROLE_TIME % "b",
    "MIDDLE": "{^certain|start|end|lasting|until|example}{0,60}",  # between two roles
    "UNTIL": "(?: {end} | {by}(?={certain}) | {lasting}?{until} | {lasting}{to} | {to}(?={finish}) )",
    "RANGE": "{time}(?:{sep}{1,3}{at}?|{weak_to}|{and}){time}",
    "DENIAL": "{denial|absence}{^time|start|stop|line|comma|and|clause|correction|count}{0,8}{RANGE}",
    "LABEL": "(?: ^ | (?<={stop|line|comma|open|clause|is}) ){bridge}{0,3}",  # at the beginning of a clause
    "EXCEPTION": "{except}{from|between|at|is|other}{0,2}{RANGE}(?:{comma|and}{1,2}{from|between}?{RANGE})*",
    "TIMES": "{time}(?:{comma}{time})+",
    "FINAL": "(?= $ | {close|stop|line} | {comma|and}(?!{at|open|is}{0,2}{time}) )",  # not "to the end (12 s)"
}


def compile_phrase(phrase: str) -> re.Pattern[str]:
    """Compiles a regular expression over letters.

    `{time}` is a token of that kind or class, `{a:time}` captures it as group a, `{x|y}` is one of several and `{^x|y}`
    none of them; `{A}` is one of the fragments above.
    """

    def letters_of(match: re.Match[str]) -> str:
        group, negated, names = match.groups()
        kinds = "".join(KINDS[kind] for name in names.split("|") for kind in _CLASSES[name])
        return f"(?P<{group}>[{negated}{kinds}])" if group else f"[{negated}{kinds}]"

    while re.search(r"\{[A-Z]+\}", phrase):
        phrase = re.sub(r"\{([A-Z]+)\}", lambda match: _FRAGMENTS[match[1]], phrase)
    return re.compile(re.sub(r"\{(?:(\w):)?(\^?)([a-z_|]+)\}", letters_of, phrase), re.VERBOSE)


def unnamed(pattern: re.Pattern[str]) -> str:
    """Returns the source of a regular expression of `compile_phrase` without its groups, for use in a larger one."""
    return re.sub(r"\(\?P<\w+>", "(?:", pattern.pattern)
