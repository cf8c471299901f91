"""Splits an answer into tokens.

Regular expressions without nested repetition do it, so that the cost is linear in the length of the text.
"""

import functools
import re

from timesuite_jax.text.answers.counted import ABBREVIATED_LABELS, COUNTED_AFTER
from timesuite_jax.text.answers.expressions import EXPRESSIONS
from timesuite_jax.text.answers.first_characters import first_characters
from timesuite_jax.text.answers.notations import RUN, read_time
from timesuite_jax.text.answers.number_tokens import is_label, is_negative, number_token, read_number
from timesuite_jax.text.answers.numerals import NUMERAL
from timesuite_jax.text.answers.ordinals import first_words_of_ordinals, ordinal_pair
from timesuite_jax.text.answers.tokens import COUNT, TIMES, Token
from timesuite_jax.text.answers.vocabulary import (
    ABBREVIATED_UNITS,
    ANY_UNIT,
    CJK,
    CJK_WORDS,
    LETTER,
    MARKS,
    ROLES,
    TRANSPARENT,
    UNITS,
)
from timesuite_jax.text.answers.written_numbers import first_words, number_in_words

_DATE = r"\d{4}([-/.])\d{1,2}\2\d{1,2} | \d{1,2}([-/.])\d{1,2}\3\d{4} | \d{1,2}[ ][a-z]{3,9},?[ ](?:19|20)\d\d"
_TELEPHONE = rf"(?:\d{{3}}-)?\d{{3}}-\d{{4}}(?!\s?(?:{ANY_UNIT})(?!{LETTER}))"  # "500-1000 s" is a range
_WORD = re.compile(
    rf"""
      (?P<date>(?<!\d)(?:{_DATE}|{_TELEPHONE})(?![\d.:]))
    | (?P<stamp><\|\s?(?:{RUN})\s?(?:s|secs?|seconds?)?\|>)
    | (?P<run>{RUN})
    | (?P<identifier>{LETTER}+_?\d[\d.]*{LETTER}*)
    | (?P<numeral>{NUMERAL})
    | (?P<cjk>(?=[{CJK}])(?:{"|".join(CJK_WORDS)}|.))
    | (?P<word>{LETTER}+)
    | (?P<mark>\.\.+|\S|\n)
    """,
    re.VERBOSE,
)
_FIRST = [first_characters(words) for _, words in EXPRESSIONS]
_KNOWN = frozenset(ch for characters in _FIRST for ch in characters or ())


@functools.cache
def _expressions(ch: str) -> re.Pattern[str]:
    """The expressions that can begin with a character; with any that none of them lists if it is empty."""
    rows = [row for row, characters in enumerate(_FIRST) if characters is None or ch in characters]
    return re.compile("|".join(f"(?P<expression{row}>{EXPRESSIONS[row][1]})" for row in rows), re.VERBOSE)


def lex(text: str, fps: float = 0.0) -> list[Token]:
    """Splits a text, as `plain_characters` returns it, into numbers, units (kind "scale"), words and marks.

    Args:
      text: the answer.
      fps: frames per second of time codes; 0 if unknown.
    """
    tokens: list[Token] = []
    at, previous = 0, ""
    while at < len(text):
        match = _expressions(text[at] if text[at] in _KNOWN else "").match(text, at) or _WORD.match(text, at)
        if match is None:
            at += 1  # a space
            continue
        group, written, at = str(match.lastgroup), match.group(), match.end()
        if (
            group in ("word", "numeral")
            and written in first_words_of_ordinals()
            and (pair := ordinal_pair(text, match.start()))
        ):
            tokens, at, previous = tokens + pair[0], pair[1], ""
            continue
        words = None
        if group == "word" and written in first_words():
            words = number_in_words(text, match.start(), bool(tokens) and tokens[-1].kind == "scale")
        if words is not None:
            new, at = read_number(text, match.start(), words[1], Token("spelled", words[0]))
            tokens += new
        elif group in ("run", "numeral"):
            negative = is_negative(text, match.start(), tokens)
            new, at = read_number(text, match.start(), at, number_token(match, fps))
            apart = text.endswith("  ", 0, match.start())  # "at the table  28.0 - 47.0 seconds", two events
            label = len(new) == 1 and not apart and is_label(previous, written, new[0])
            tokens += [COUNT] if negative or label else new
        else:
            kind = _kind(text, match, tokens)
            if kind == "scale":
                tokens.append(Token("scale", unit=UNITS[written], word=written))
            elif kind == "variable":
                tokens.append(Token("variable", float(written[-1])))
            elif group == "stamp":
                time = read_time(written.strip("<|> second"), fps)
                tokens.append(COUNT if time.kind == "count" else Token("stamp", time.seconds, 1.0))
            elif kind != "transparent":
                tokens.append(Token(kind, word="" if group == "mark" else written))
            else:
                continue
        if not (written == "." and previous in ABBREVIATED_LABELS):
            previous = written
    return tokens


def _kind(text: str, match: re.Match[str], tokens: list[Token]) -> str:
    """Kind of a word or mark, "transparent" if the grammar passes over it."""
    group, written = str(match.lastgroup), match.group()
    if group.startswith("expression"):
        return EXPRESSIONS[int(group.removeprefix("expression"))][0]
    closed = bool(tokens) and tokens[-1].kind == "close"
    if closed and written in COUNTED_AFTER:
        return "count"  # "[5, 12] pixels"
    if group in ("word", "cjk"):
        if written in UNITS and (
            closed or written not in ABBREVIATED_UNITS or text[max(0, match.start() - 1)] in "([_"
        ):
            return "scale"  # an abbreviation without a number only in "start (s)" and "[5, 12] s"
        return "transparent" if written in TRANSPARENT else ROLES.get(written, "other")
    if group != "mark":
        return {"date": "count", "stamp": "stamp"}.get(group, "other")
    if written in "-~":
        follows_time = bool(tokens) and (tokens[-1].kind in TIMES or tokens[-1].kind in ("scale", "close"))
        starts_line = not tokens or tokens[-1].kind == "line"
        if (written == "~" and not follows_time) or starts_line:
            return "transparent"  # "about", or a bullet
    if written.startswith(".."):
        return "stop"
    after = text[match.end() : match.end() + 1] or " "
    ends_time = bool(tokens) and (tokens[-1].kind in TIMES or tokens[-1].kind == "scale")
    if written == "." and after not in " \n\t\"')]*_" and not (ends_time and after.isdecimal()):  # "12 s.20 - 30 s"
        return "other"  # within a word or number
    return MARKS.get(written, "other")
