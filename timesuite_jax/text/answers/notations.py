"""The table of notations of times: what a run of digits and the marks between them means, in seconds.

A run that matches no row ("2024-05-10", "1920x1080", "16:9", "1.2.3", "7/10") is a number, but no time.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from timesuite_jax.text.answers.tokens import COUNT, Token


class Notation(NamedTuple):
    """A row of the table.

    Attributes:
      pattern: regular expression of the whole run.
      read: groups of the pattern and frames per second (0 if unknown) -> seconds; None if it is no time.
      kind: kind of the token.
    """

    pattern: str
    read: Callable[[list[str], float], float | None]
    kind: str = "measured"


def _number(groups: list[str], fps: float) -> float:
    return float(groups[0].replace(",", ""))


def _decimal_comma(groups: list[str], fps: float) -> float:
    return float(groups[0].replace(",", "."))


def _grouped(groups: list[str], fps: float) -> float:
    return float(re.sub(r"[ ']", "", groups[0]).replace(",", "."))


def _clock(groups: list[str], fps: float) -> float:
    seconds = 0.0
    for part in groups:
        seconds = 60 * seconds + float(part.replace(",", ".") or 0)
    return seconds


def _timecode(groups: list[str], fps: float) -> float | None:
    frame = float(groups[3])
    return _clock(groups[:3], fps) + frame / fps if frame < fps else None


NOTATIONS = {
    "5": Notation(r"(\d+)", _number, "bare"),
    "5.5, .5": Notation(r"(\d*\.\d+)", _number, "decimal"),
    "5.": Notation(r"(\d+)\.", _number, "decimal"),
    "1,250": Notation(r"(\d{1,3}(?:,\d{3})+)", _number, "bare"),
    "1,250.5": Notation(r"(\d{1,3}(?:,\d{3})+\.\d+)", _number, "decimal"),
    "1 250, 1'250": Notation(r"(\d{1,3}(?:[ ']\d{3})+)", _grouped, "bare"),
    "1 250.5": Notation(r"(\d{1,3}(?:[ ']\d{3})+[.,]\d+)", _grouped, "decimal"),
    "5,5": Notation(r"(\d+,\d{1,2})", _decimal_comma, "decimal"),
    "mm:ss": Notation(r"(\d{1,3}):([0-5]\d(?:[.,]\d+)?)", _clock, "clock"),
    "h:mm:ss": Notation(r"(\d{1,2}):([0-5]\d):([0-5]\d(?:[.,]\d+)?)", _clock, "clock"),
    "hh:mm:ss:ff": Notation(r"(\d\d):([0-5]\d):([0-5]\d):(\d\d)", _timecode, "clock"),
    "1'05\"": Notation(r"(\d{1,3})'([0-5]?\d(?:\.\d+)?)", _clock),
    "1m05": Notation(r"(\d{1,3})(?:m|min|mn)([0-5]\d)", _clock),
    "1h05": Notation(r"(\d{1,2})h([0-5]\d)()", _clock),
    "PT1M5S": Notation(r"pt(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?", _clock),
}
"""Notations of times, with an example of each as its name."""
_COMPILED = [(row, re.compile(row.pattern)) for row in NOTATIONS.values()]
_MAX_CHARACTERS = 32  # longer runs are identifiers, and cost more than linear time

# The longest run of digits and marks between digits. A comma joins digits where it cannot separate two numbers.
_COMMA = r"""
    (?<!\d,)(?!(?<=[\[({<])\d+,\d+[\])}>])(?:
        \d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,]|[.:/]\d) | \d+,\d{1,2}(?!\d|[,.:/x*]\d)
    )
    | \d{1,2}(?::[0-5]\d){1,2},(?:\d{3}(?![\d:])|\d(?![\d:.]|,\d))
"""
# Spaces and apostrophes between thousands. "[5 120]" are two numbers, and so are "1 200 s - 300 s" and "event 1 200 s",
# where 1 counts.
_COUNTED = ("event", "scene", "shot", "step", "part", "clip", "segment", "chapter", "round", "no", "no.", "#", "number")
_UNCOUNTED = "".join(rf"(?<!{re.escape(word)}\ )" for word in _COUNTED)
_GROUPED = rf"""
    (?=\d)(?<!\d\ )(?<![\[({{<])(?<!\d[.,:']){_UNCOUNTED}\d{{1,3}}(?:(?:\ \d{{3}})+|(?:'\d{{3}})+)(?:[.,]\d{{1,2}})?
    (?![\d:'"/*]|[.,x]\d|\ ?[\])}}>]|\ \d
      |\ ?(?:s|secs?|seconds?)?\ ?(?:[-~]|(?:to|and|until|till|through|bis|\u00e0|a)\b)\ ?
        \d{{1,3}}(?![\d:]|[\ ']\d{{3}}(?!\d)))
"""
_COMPACT = r"\d{1,3}(?:h|m|min|mn)[0-5]\d(?![\w.:'])"
_POINT = r"\d+\.(?=\s{0,4}[-~]\s{0,4}\d)"
_ISO = r"\bpt\d[\dhms.]*\b"
_TENTHS = r"(?<![^\W\d_])\.\d+"  # behind a letter the point ends a sentence: "5 - 12 s.20 - 30 s"
RUN = rf"{_ISO} | {_COMPACT} | {_GROUPED} | {_COMMA} | {_POINT} | (?:\d+|{_TENTHS})(?:(?:[:;/'x*.]|\.\.{{1,8}})\d+)*"


def read_time(run: str, fps: float = 0.0) -> Token:
    """Returns the time that a run of digits and marks denotes, or a token of kind "count".

    Args:
      run: text that `RUN` matches.
      fps: frames per second of time codes; without, "hh:mm:ss:ff" is not read.
    """
    if len(run) <= _MAX_CHARACTERS:
        for row, pattern in _COMPILED:
            match = pattern.fullmatch(run)
            if match is not None:
                seconds = row.read([group or "" for group in match.groups()], fps)
                if seconds is not None:
                    return Token(row.kind, seconds, 1.0 if row.kind in ("clock", "measured") else None)
    return COUNT
