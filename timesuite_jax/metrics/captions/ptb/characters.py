"""Character classes of the PTB tokenizer, for characters of Unicode's first plane.

Letters are those of Unicode and the combining and modifier marks that the tokenizer takes for parts of a word. Symbols
are tokens of their own. Everything else above ASCII is dropped, as are characters beyond the first plane (most emoji).
Read off the tokenizer's output for every character. Letters that Unicode has added since version 6.1 are letters here,
while the original drops them.
"""

import functools
import unicodedata

# First and last of each range, in hexadecimal.
_MARKS = (
    "2c2-2c5 2d2-2df 2e5-2eb 2ed 2ef-36f 375 378-379 384-385 3f6 483-487 55a-55f 591-5bd 5bf 5c1-5c2 5c4-5c5 5c7 "
    "615-61a 64b-65e 670 6d6-6e4 6e7-6ed 6fd-6fe 70f 711 730-74c 7a6-7b0 7eb-7f3 900-903 93c 93e-94e 951-955 962-963 "
    "981-983 9bc 9be-9c4 9c7-9c8 9cb-9cd 9d7 9e2-9e3 a01-a03 a3c a3e-a4f a81-a83 abc abe-acf b82 bbe-bc2 bc6-bc8 "
    "bca-bcd c01-c03 c3e-c56 d3e-d44 d46-d48 e31 e34-e3a e47-e4e eb1 eb4-ebc ec8-ecd 1885-1886"
)
_SYMBOLS = (
    "a1 a5-a9 ac ae-b1 b4 b6-b8 bf d7 f7 37e 387 589 5be 5c0 5c3 5c6 5f3-5f4 600-603 606-60c 614 61b 61e-61f 66a 66d "
    "6d4 700-70d 7f6-7f8 964-965 e3f e4f 1fbd 2016-2017 2020-2023 2030-2038 203b 203e-2042 2044 207a-207e 208a-208e "
    "20a4 2100-2101 2103-2106 2108-2109 2114 2116-2118 211e-2123 2125 2127 2129 212e 213a-213b 2140-2144 214a-214d "
    "214f 2155-215e 2190-2bff 3001-3002 3012 30fb ff01-ff0f ff1a-ff20 ff3b-ff40 ff5b-ff65 ffe0-ffe1 ffe5-ffe6"
)


def _class(ranges: str) -> str:
    """Returns ranges as the inside of a character class of a regular expression."""
    spans = [span.split("-") for span in ranges.split()]
    return "".join("-".join(rf"\u{int(edge, 16):04x}" for edge in span) for span in spans)


@functools.cache
def _above_ascii(prefix: str) -> str:
    """Returns the characters above ASCII of the Unicode categories that begin so, as ranges of a character class."""
    ranges, start = [], -1
    for code in range(0x80, 0x10001):
        within = code < 0x10000 and unicodedata.category(chr(code)).startswith(prefix)
        if within and start < 0:
            start = code
        elif not within and start >= 0:
            ranges.append(rf"\u{start:04x}-\u{code - 1:04x}")
            start = -1
    return "".join(ranges)


DIGIT = "0-9" + _above_ascii("Nd")
LETTER = "A-Za-z\u00ad" + _above_ascii("L") + _class(_MARKS)
SYMBOL = _class(_SYMBOLS)
SPACE = " \t\u00a0\u2000-\u200a\u3000"
NEWLINE = "\n\r\v\f\u2028\u2029"
APOSTROPHE = "(?:['\u0092\u2019]|&apos;)"
