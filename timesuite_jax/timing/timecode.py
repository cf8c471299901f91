"""SMPTE time codes: frame numbers as hours, minutes, seconds and frames.

At 30000/1001 frames per second ("29.97"), time codes count to 30, so that an hour of them lasts 3.6 s too long.
*Drop-frame* time codes skip the numbers of two frames in every minute but each tenth one (no frame is dropped), which
keeps them within a frame or two of the clock; at 60000/1001 they skip four. They are written with a semicolon before
the frames. 24000/1001 ("23.976") has no drop-frame form. Source: SMPTE ST 12-1.
"""

import re
from fractions import Fraction

from timesuite_jax.errors import UserError

_DROPPING = (Fraction(30000, 1001), Fraction(60000, 1001), Fraction(120000, 1001))
_HOURS_OF_DAY = 24
_TIMECODE = re.compile(r"(\d{2}):([0-5]\d):([0-5]\d)([:;.])(\d{2,3})")


def is_drop_frame(rate: Fraction) -> bool:
    """Whether time codes of a frame rate are drop-frame."""
    return rate in _DROPPING


def format_timecode(frame: int, rate: Fraction, *, drop: bool | None = None) -> str:
    """Writes a frame number as a time code, modulo 24 hours.

    Args:
      frame: at least 0.
      rate: frames per second.
      drop: whether numbers are skipped; None as `is_drop_frame`.

    Raises:
      ValueError: the frame is negative, or the rate has no drop-frame form.
    """
    if frame < 0:
        raise ValueError(f"frame {frame} is negative and has no time code")
    drop = is_drop_frame(rate) if drop is None else drop
    nominal, skipped = _counting(rate, drop)
    frame %= _frames_of_day(nominal, skipped)
    if skipped:
        tens, rest = divmod(frame, _frames_of_ten_minutes(nominal, skipped))
        # The first minute of ten skips nothing.
        minutes = max(rest - skipped, 0) // (60 * nominal - skipped)
        frame += skipped * (9 * tens + minutes)
    seconds, frames = divmod(frame, nominal)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if drop else ':'}{frames:02d}"


def parse_timecode(text: str, rate: Fraction) -> int:
    """The frame number of a time code; a semicolon or point before the frames marks a drop-frame one.

    Raises:
      UserError: the text is no time code of this frame rate.
    """
    match = _TIMECODE.fullmatch(text.strip())
    drop = match is not None and match[4] != ":"
    if match is None or (drop and not is_drop_frame(rate)):
        raise UserError(f"{text!r} is not a time code at {float(rate):g} frames per second; write it as 00:01:02:03")
    hours, minutes, seconds, frames = (int(match[group]) for group in (1, 2, 3, 5))
    nominal, skipped = _counting(rate, drop)
    if hours >= _HOURS_OF_DAY or frames >= nominal or (frames < skipped and not seconds and minutes % 10):
        raise UserError(f"there is no time code {text} at {float(rate):g} frames per second; correct it")
    all_minutes = 60 * hours + minutes
    return (60 * all_minutes + seconds) * nominal + frames - skipped * (all_minutes - all_minutes // 10)


def _counting(rate: Fraction, drop: bool) -> tuple[int, int]:
    """Frames that a second of time code counts, and numbers that a minute skips.

    Raises:
      ValueError: the rate has no drop-frame form.
    """
    if drop and not is_drop_frame(rate):
        raise ValueError(f"{rate} frames per second have no drop-frame time code")
    nominal = round(rate)
    return nominal, nominal // 15 if drop else 0


def _frames_of_ten_minutes(nominal: int, skipped: int) -> int:
    return 600 * nominal - 9 * skipped


def _frames_of_day(nominal: int, skipped: int) -> int:
    return _HOURS_OF_DAY * 6 * _frames_of_ten_minutes(nominal, skipped)
