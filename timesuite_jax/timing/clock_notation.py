"""Hours, minutes, seconds and fractions of a time."""

import math
from typing import NamedTuple

from timesuite_jax.timing.frames import SAME_TIME_S


class ClockTime(NamedTuple):
    """A time on a clock; `fraction` counts the parts of a second that were requested."""

    hours: int
    minutes: int
    seconds: int
    fraction: int


def units_before(seconds: float, per_second: int) -> int:
    """Number of whole units until a time: the latest moment, in units, that is not after it.

    A frame at `seconds` is displayed from this moment on and no earlier frame is, as long as frames are more than a
    unit apart; so that [units_before(start), units_before(end)) contains exactly the frames of [start, end).

    Args:
      seconds: of a time; one that is a millionth of a second before a unit counts as that unit.
      per_second: units of a second, e.g. 1000.
    """
    return math.floor((seconds + SAME_TIME_S) * per_second)


def clock_time(units: int, per_second: int) -> ClockTime:
    """Splits a number of units.

    Args:
      units: at least 0.
      per_second: units of a second.
    """
    whole, fraction = divmod(units, per_second)
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return ClockTime(hours, minutes, seconds, fraction)


def short_clock(units: int, per_second: int = 1) -> str:
    """Writes a time as "2:03", "1:02:03" or, with a fraction other than 0, "2:03.5".

    Args:
      units: at least 0.
      per_second: units of a second: 1, 10, 100 or 1000.
    """
    hours, minutes, seconds, fraction = clock_time(units, per_second)
    digits = len(str(per_second)) - 1
    tail = f"{seconds:02d}" + (f".{fraction:0{digits}d}" if fraction else "")
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"
