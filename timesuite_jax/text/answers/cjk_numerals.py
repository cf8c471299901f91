"""Chinese and Japanese numbers before units of time: "五秒到十二秒", "三百二十秒", "五分十秒"."""

import re

_DIGITS = {ch: value for value, characters in enumerate(["零〇", *"一二三四五六七八九"]) for ch in characters}
_DIGITS |= dict.fromkeys("两兩", 2)
_PLACES = {"十": 10, "百": 100}
CJK_DIGITS = "".join([*_DIGITS, *_PLACES])
_RANGE = rf"(?:\s?(?:到|至|から|[-~])\s?[{CJK_DIGITS}]{{1,7}})?"  # "五到十二秒"
# "十分" without "钟" is an adverb: "very".
_NUMERAL = re.compile(rf"[{CJK_DIGITS}]{{1,7}}(?={_RANGE}个?(?:秒|分[钟鐘{CJK_DIGITS}\d]|小[时時]|時間))")


def with_digits(text: str) -> str:
    """Returns the text with numbers before units of time in digits."""
    return _NUMERAL.sub(lambda match: str(_value(match[0])), text)


def _value(written: str) -> int:
    if _PLACES.keys().isdisjoint(written):
        return int("".join(str(_DIGITS[ch]) for ch in written))  # "二〇"
    value, digit = 0, 0
    for ch in written:
        if ch in _PLACES:
            value, digit = value + (digit or 1) * _PLACES[ch], 0
        else:
            digit = _DIGITS[ch]
    return value + digit
