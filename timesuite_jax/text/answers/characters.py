"""Maps the characters of an answer to ASCII: digits, dashes, arrows, primes, brackets and spaces of all scripts."""

import functools
import re
import unicodedata

from timesuite_jax.text.answers.cjk_numerals import with_digits

_PLAIN = {
    ch: plain
    for characters, plain in (
        ("\N{PRIME}\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER PRIME}", "'"),
        ("\N{DOUBLE PRIME}\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}", '"'),
        ("\N{MINUS SIGN}\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}\N{HEAVY MINUS SIGN}", "-"),
        ("\N{BOX DRAWINGS LIGHT HORIZONTAL}\N{HYPHEN BULLET}", "-"),
        ("\N{WAVE DASH}\N{SWUNG DASH}\N{TILDE OPERATOR}\N{SMALL TILDE}\N{WAVY DASH}\N{ALMOST EQUAL TO}", "~"),
        # Followed by a space, so that they join no digits: "1、5" is the first item of a list, not 1.5.
        ("\N{IDEOGRAPHIC COMMA}\N{HALFWIDTH IDEOGRAPHIC COMMA}\N{FULLWIDTH COMMA}\N{ARABIC COMMA}", ", "),
        ("\N{FULLWIDTH SEMICOLON}\N{ARABIC SEMICOLON}", "; "),
        ("\N{ARABIC DECIMAL SEPARATOR}", "."),
        ("\N{IDEOGRAPHIC FULL STOP}\N{HALFWIDTH IDEOGRAPHIC FULL STOP}", ". "),
        ("\N{MULTIPLICATION SIGN}", "x"),
        ("\N{RATIO}", ":"),
        ("\N{HORIZONTAL ELLIPSIS}", "..."),
        ("\N{BULLET}\N{BLACK CIRCLE}\N{BLACK SMALL SQUARE}\N{TRIANGULAR BULLET}\N{WHITE BULLET}\N{MIDDLE DOT}", "\n"),
        ("\N{VULGAR FRACTION ONE HALF}", ".5"),
        ("\N{VULGAR FRACTION ONE QUARTER}", ".25"),
        ("\N{VULGAR FRACTION THREE QUARTERS}", ".75"),
        ("\u2028\u2029\u0085", "\n"),
        *((chr(0x2080 + digit), str(digit)) for digit in range(10)),  # subscripts
    )
    for ch in characters
}
_BY_CATEGORY = {"Pd": "-", "Ps": "[", "Pe": "]", "Zs": " ", "Cf": ""}
_FULL_WIDTH = range(0xFF01, 0xFF5F)
# Repetitions are bounded so that the cost is linear in the length of the text.
_ARROW = re.compile(r"[-=~]{1,4}>{1,2}")
_DASHES = re.compile(r"-{2,}")
# Behind an ASCII digit it ends the number of a list; between full-width digits it is a decimal point.
_LIST_POINT = re.compile(r"(?<=[0-9])\N{FULLWIDTH FULL STOP}")
_LIST_NUMBER = re.compile(r"(?:NEGATIVE |DOUBLE |DINGBAT )*(?:CIRCLED|PARENTHESIZED|DIGIT \w+ FULL|NUMBER \w+ FULL)")
_CLOSING_TAG = re.compile(r"</[a-z][\w-]{0,40}>|<\|[a-z_]{1,40}\|>")
_OPENING_TAG = re.compile(r"<([a-z][a-z_-]{0,40})/?>")
# Minutes by primes on both sides of a range: "2' - 3'30\""; a single one is most often a quotation mark.
_PRIMES = re.compile(
    r"(?<!['\d.:])(\d{1,3})'(?:(\d\d?)(?:\"|''))?(\s?(?:[-~]|to|until|and|bis|a|\u00e0)\s?)"
    r"(\d{1,3})'(?:(\d\d?)(?:\"|'')|(?!['\d]))"
)
_BOUNDARIES = re.compile(r"start|begin|onset|end|offset|finish")


def plain_characters(text: str) -> str:
    """Returns the text in lower case, its characters as ASCII where one means the same; letters stay as they are.

    An arrow in any writing becomes a dash, and the tag `<start>` the word "start".
    """
    text = with_digits(_LIST_POINT.sub(". ", text))
    text = re.sub(r"[^\x00-\x7f]", lambda match: _plain(match[0]), text)
    text = _OPENING_TAG.sub(_tag_words, _CLOSING_TAG.sub(" ", text))
    return _PRIMES.sub(_minutes, _DASHES.sub("-", _ARROW.sub("-", text)))


@functools.cache
def _plain(ch: str) -> str:
    if ch in _PLAIN:
        return _PLAIN[ch]
    if ord(ch) in _FULL_WIDTH:
        return _plain(chr(ord(ch) - 0xFEE0)) if ord(ch) - 0xFEE0 > 0x7F else chr(ord(ch) - 0xFEE0).lower()
    digit = unicodedata.decimal(ch, None)
    if digit is not None:
        return str(digit)
    name = unicodedata.name(ch, "")
    if "ARROW" in name and ("RIGHT" in name or "EAST" in name) and "LEFT" not in name:
        return "-"
    if unicodedata.category(ch) == "No" and _LIST_NUMBER.match(name):
        return "\n"  # as a bullet
    return _BY_CATEGORY.get(unicodedata.category(ch), ch)


def _tag_words(match: re.Match[str]) -> str:
    return f" {match[1]} " if _BOUNDARIES.search(match[1]) else " "


def _minutes(match: re.Match[str]) -> str:
    minutes, seconds, separator, more_minutes, more_seconds = match.groups()
    return f"{minutes} min {seconds or 0} s{separator}{more_minutes} min {more_seconds or 0} s"
