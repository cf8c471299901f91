"""Makes text from files safe to print on a terminal."""

import re

# Control characters but line feed and tab, of which some begin escape sequences; lone surrogates cannot be encoded.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Returns the text with control characters, marks of writing direction and lone surrogates as escapes ("\x1b")."""
    return _UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
