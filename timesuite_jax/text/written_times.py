"""Finds the times of an answer where they are written in digits, so that they can be replaced."""

import re
from collections.abc import Sequence

from timesuite_jax.text.answers.spans import TimeSpan

_ROUNDING_S = 0.051  # times are written with one decimal

WRITTEN_TIME = re.compile(
    r"""
    (?<![\w.:])
    (?: (?P<clock>\d{1,3}(?::[0-5]\d){1,2}(?:\.\d+)?) | (?P<number>\d+(?:\.\d+)?) )
    (?![\w:]|\.\d)
    (?=\s*(?:$|[^\w\s]|(?:s|secs?|seconds?|to|and|until|till|through)\b))
    | (?<![\w.:])(?P<glued>\d+(?:\.\d+)?)(?=(?:s|sec|secs|seconds)\b)
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
"""A clock time or a number that is not part of a word, and is not followed by what it counts ("3 people")."""


def written_seconds(written: str) -> float:
    """Returns the seconds of a text that `WRITTEN_TIME` matches."""
    return sum(float(part) * 60**power for power, part in enumerate(reversed(written.split(":"))))


def equal_spans(found: Sequence[TimeSpan], expected: Sequence[TimeSpan]) -> bool:
    """Whether spans are equal up to rounding, in the same order."""
    return len(found) == len(expected) and all(
        abs(a - b) < _ROUNDING_S
        for one, other in zip(found, expected, strict=True)
        for a, b in zip(one, other, strict=True)
    )
