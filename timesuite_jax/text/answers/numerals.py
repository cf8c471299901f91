"""English numbers in words: "five", "twenty-five", "a hundred and twenty", "half a"."""

import re

_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_VALUES = {
    **{word: value for value, word in enumerate([*_ONES.split(), "seventeen", "eighteen", "nineteen"])},
    **{word: value for value, word in zip(range(20, 100, 10), TENS.split(), strict=True)},
    "hundred": 100,
    "thousand": 1000,
}
_WORD = "|".join(sorted(_VALUES, key=len, reverse=True))
_AND = r"(?:(?<=hundred)|(?<=thousand))[ ]and[ ]"
NUMERAL = rf"\b(?:half[ ]an?|(?:{_WORD})(?:[ ](?:{_WORD})|-(?:{_WORD})|{_AND}(?:{_WORD}))*)\b"


def read_numeral(written: str) -> float | None:
    """Returns the number that a text which `NUMERAL` matches denotes; None for "one two" and "five twenty"."""
    if written.startswith("half"):
        return 0.5
    thousands, value, last = 0, 0, 1000
    for word in re.findall(_WORD, written):
        number = _VALUES[word]
        if number == 1000 and not thousands:
            thousands, value = 1000 * max(value, 1), 0
        elif number == 100 and value < 10 and last != 100:
            value = 100 * max(value, 1)
        elif number < 100 and (last >= 100 or (20 <= last <= 90 and 0 < number < 10)):
            value += number
        else:
            return None
        last = number
    return thousands + value
