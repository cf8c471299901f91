"""Time spans and how they follow from two times."""

import math
from typing import NamedTuple

from timesuite_jax.text.answers.tokens import Token

_YEARS = range(1900, 2101)


class TimeSpan(NamedTuple):
    """A time interval in seconds, `start <= end`."""

    start: float
    end: float


def interval(first: Token, last: Token, duration: float | None) -> TimeSpan | None:
    """Returns the span between two times; a time without a unit takes that of the other one where it must.

    Args:
      first: one time.
      last: the other one.
      duration: seconds of the video, its end; None if unknown.

    Returns:
      The span; None where the times are none ("1990 to 2000"), contradict each other ("1:05 to 20", where 20 may be
      1:20; "30 s to 1", where 1 may be a minute; "1:30 to 2:00 h", where 1:30 may be hours), or refer to an unknown
      end.
    """
    start, end = _seconds(first, duration), _seconds(last, duration)
    if first.unit is None and last.unit is not None and start * last.unit <= end:
        start *= last.unit  # "2 to 3 minutes"
    elif last.unit is None and first.unit not in (None, 1) and (end < start or first.unit < 1):
        end *= first.unit  # "1 minute to 2"
    kinds = {first.kind, last.kind}
    if not math.isfinite(start + end) or (kinds <= {"spelled", "bare"} and "spelled" in kinds):
        return None
    if kinds == {"clock"} and first.unit != last.unit:
        return None
    if kinds == {"bare"} and int(start) in _YEARS and int(end) in _YEARS:
        return None
    if end < start:
        units_differ = first.unit not in (None, last.unit) or (len(kinds) > 1 and "clock" in kinds)
        ambiguous = kinds <= {"bare", "spelled"} or units_differ
        return None if ambiguous else TimeSpan(end, start)
    return TimeSpan(start, end)


def lasting(start: Token, length: Token) -> TimeSpan | None:
    """Returns the span of a start and a length; None where the unit of the start is unclear or one is no time."""
    if start.unit is None and length.unit not in (None, 1.0):
        return None  # "starts at 3 and lasts 2 minutes": at 3 seconds or at 3 minutes
    end = start.seconds + length.seconds
    return TimeSpan(start.seconds, end) if math.isfinite(end) and "finish" not in (start.kind, length.kind) else None


def _seconds(time: Token, duration: float | None) -> float:
    if time.kind == "finish":
        return math.inf if duration is None else duration
    return time.seconds
