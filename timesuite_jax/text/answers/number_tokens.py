"""Numbers in an answer: with the unit that follows, and whether what surrounds them makes them something else."""

import re

from timesuite_jax.text.answers.counted import (
    COUNTED_AFTER,
    COUNTED_BEFORE,
    DAY_PERIODS,
    DECIMAL_LABELS,
    HOUR_OF_DAY,
    LENGTH_OF,
    METRES_OF,
    NOT_PLURAL,
    VERSES,
)
from timesuite_jax.text.answers.notations import read_time
from timesuite_jax.text.answers.numerals import read_numeral
from timesuite_jax.text.answers.tokens import COUNT, TIMES, Token
from timesuite_jax.text.answers.vocabulary import ABBREVIATED_UNITS, ANY_UNIT, CJK, LETTER, ROLES, TRANSPARENT, UNITS

_LONG_UNIT = "|".join(word for word in UNITS if word.isascii() and word not in ABBREVIATED_UNITS)
_UNIT_AFTER = re.compile(
    rf"(?P<hyphen>-)?(?P<glued>{ANY_UNIT})(?!{LETTER})|\s{{1,4}}(?P<apart>{ANY_UNIT})(?![^\W_{CJK}])|\.\s(?P<long>{_LONG_UNIT})\b"
)
_LENGTH_OF, _METRES_OF, _HOUR_OF_DAY = (re.compile(row, re.VERBOSE) for row in (LENGTH_OF, METRES_OF, HOUR_OF_DAY))
# "5-second mark" is a time, "5-second clip" is not.
_POSITION = re.compile(r"\W{0,4}(?:$|[-~.,;)\]\n]|(?:marks?|points?|timestamps?|to|until|till|through|and)(?![a-z]))")
# A full stop after an abbreviated unit, within a sentence.
_ABBREVIATED = re.compile(
    rf"\.(?=\s{{0,4}}(?:[-~,;()\[\]]|(?:to|until|till|through|thru|and|bis|und|a|à|y|et|e|hasta|até|jusqu|fino|tot|do|до|по|и)\b|\d+(?:\.\d+)?\s{{0,2}}(?:{ANY_UNIT})\b))"
)
_ORDINAL = re.compile(rf"(?:-?(?:st|nd|rd|th|e|ère|ème)|-(?:[йюяем]|ой|ую|ая|го|му|ом)|[ºª])(?!{LETTER}|\d)")
_NEXT_WORD = re.compile(rf"([\s*\"'`]{{0,4}})-?({LETTER}+|[{CJK}]|[%°$€£])")


def is_label(previous: str, written: str, number: Token) -> bool:
    """Whether the word before a number without a unit makes it a label or a time of day."""
    if number.kind == "bare":
        return previous in COUNTED_BEFORE or previous in DAY_PERIODS
    if number.kind == "clock":
        return previous in DAY_PERIODS or (previous in VERSES and not written.startswith("0"))
    return number.kind == "decimal" and previous in DECIMAL_LABELS


def is_negative(text: str, start: int, tokens: list[Token]) -> bool:
    """Whether the number at `start` has a minus sign: a dash directly before it, neither digit nor word before that."""
    if text[max(0, start - 1) : start] != "-" or text[max(0, start - 2) : start - 1] not in ("", *" \n([{:=,<\"'"):
        return False
    before = tokens[-2:] if tokens and tokens[-1].kind == "dash" else tokens[-1:]
    return not (len(before) == 2 and (before[0].kind in TIMES or before[0].kind in ("scale", "close")))


def number_token(match: re.Match[str], fps: float) -> Token:
    """Returns the number at `match`, without the unit that may follow."""
    if match.lastgroup == "numeral":
        value = read_numeral(match.group())
        return COUNT if value is None else Token("spelled", float(value))
    return read_time(match.group(), fps)


def read_number(text: str, start: int, end: int, token: Token) -> tuple[list[Token], int]:
    """Returns a number with its unit if one follows, and the position after both.

    Args:
      text: the answer.
      start: position of the number.
      end: position after it.
      token: the number alone.
    """
    is_word = not text[end - 1].isdigit() and token.kind in ("spelled", "count")
    ordinal = _ORDINAL.match(text, end)
    if ordinal and token.kind == "bare":
        token, end = Token("spelled", token.seconds), ordinal.end()
    unit = _UNIT_AFTER.match(text, end)
    if unit is not None:
        written = next(filter(None, unit.group("glued", "apart", "long")))
        after = unit.end()
        is_length = (unit.group("hyphen") and not _POSITION.match(text, after)) or _LENGTH_OF.match(text, after)
        is_distance = written == "m" and _METRES_OF.match(text, after)
        is_rate = re.match(r"\s?/\s?[^\W\d]", text[after : after + 3]) is not None  # "5 m/s"
        if is_length or is_distance or is_rate or (UNITS[written] == 3600 and _HOUR_OF_DAY.match(text, after)):
            return [COUNT], after
        if written in ABBREVIATED_UNITS and (stop := _ABBREVIATED.match(text, after)):
            after = stop.end()
        if token.unit is not None:  # a clock time: "1:05 min" is minutes and seconds, "1:05 h" is hours and minutes
            hours = UNITS[written] == 3600 and text.count(":", start, end) == 1
            return [token._replace(seconds=token.seconds * 60, unit=60.0) if hours else token], after
        return [COUNT] if token.kind == "count" else [token, Token("scale", unit=UNITS[written])], after
    following = _NEXT_WORD.match(text, end)
    if following is None:
        return [token], end
    gap, word = following.groups()
    glued = not gap and re.match(LETTER, word) is not None and text[end] != "-"
    if glued and not is_word and not ordinal:
        return [COUNT], following.end()  # "1080p", "5x", "3d"
    if _HOUR_OF_DAY.match(text, end) or (token.unit is None and word in COUNTED_AFTER):
        return [COUNT], end
    if token.kind == "bare" and gap == " " and _is_plural(word):
        return [COUNT], end
    return [token], end


def _is_plural(word: str) -> bool:
    known = word in NOT_PLURAL or word in ROLES or word in UNITS or word in TRANSPARENT
    return len(word) > 3 and word.isascii() and word.endswith("s") and not word.endswith("ss") and not known
