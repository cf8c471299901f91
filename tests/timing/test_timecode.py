"""Time codes: known values of SMPTE ST 12-1, and that formatting and parsing are inverse."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.errors import UserError
from timesuite_jax.timing.timecode import format_timecode, is_drop_frame, parse_timecode

FILM, NTSC, NTSC_60 = Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001)
RATES = [FILM, Fraction(24), Fraction(25), NTSC, Fraction(30), Fraction(50), NTSC_60, Fraction(60), Fraction(120)]


@pytest.mark.parametrize(
    ("rate", "frame", "text"),
    [
        (NTSC, 0, "00:00:00;00"),
        (NTSC, 1799, "00:00:59;29"),
        (NTSC, 1800, "00:01:00;02"),  # the first minute that skips 0 and 1
        (NTSC, 3597, "00:01:59;29"),
        (NTSC, 3598, "00:02:00;02"),
        (NTSC, 17981, "00:09:59;29"),
        (NTSC, 17982, "00:10:00;00"),  # each tenth minute skips none
        (NTSC, 107892, "01:00:00;00"),  # an hour: 108,000 - 108
        (NTSC, 2589407, "23:59:59;29"),
        (NTSC, 2589408, "00:00:00;00"),
        (NTSC_60, 3599, "00:00:59;59"),
        (NTSC_60, 3600, "00:01:00;04"),
        (NTSC_60, 215784, "01:00:00;00"),
        (FILM, 86400, "01:00:00:00"),
        (FILM, 23, "00:00:00:23"),
        (Fraction(25), 90061 * 25 + 7 - 86400 * 25, "01:01:01:07"),
        (Fraction(30), 1800, "00:01:00:00"),
        (Fraction(120), 119, "00:00:00:119"),
    ],
)
def test_known_values(rate, frame, text):
    assert format_timecode(frame, rate) == text
    day = parse_timecode("23:59:59" + text[8] + str(round(rate) - 1), rate) + 1
    assert parse_timecode(text, rate) == frame % day


def test_non_drop_frame_numbers_at_29_97():
    assert format_timecode(1800, NTSC, drop=False) == "00:01:00:00" and parse_timecode("00:01:00:00", NTSC) == 1800
    assert is_drop_frame(NTSC) and not is_drop_frame(FILM) and not is_drop_frame(Fraction(30))


def test_drop_frame_stays_within_a_frame_or_two_of_the_clock():
    """Over an hour; within a minute it drifts by at most the two numbers that the minute's start skips."""
    for frame in range(0, 107892, 17):
        hours, minutes, rest = format_timecode(frame, NTSC).split(":")
        seconds, frames = map(int, rest.split(";"))
        shown = 3600 * int(hours) + 60 * int(minutes) + seconds + frames / 30
        assert abs(shown - frame / NTSC) < 2.1 / 30


@given(st.sampled_from(RATES), st.integers(0, 2_000_000), st.booleans())
def test_parsing_inverts_formatting(rate, frame, non_drop):
    text = format_timecode(frame, rate, drop=False if non_drop else None)
    assert parse_timecode(text, rate) == frame


@given(st.sampled_from(RATES), st.integers(0, 2_000_000))
def test_order_of_frames_is_order_of_texts(rate, frame):
    one, other = format_timecode(frame, rate), format_timecode(frame + 1, rate)
    pad = lambda text: [int(part) for part in text.replace(";", ":").split(":")]  # noqa: E731
    assert pad(one) < pad(other)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("00:01:00;00", NTSC), ("00:01:00;01", NTSC), ("00:01:00;03", NTSC_60), ("00:00:00:30", NTSC),
        ("00:00:00;00", FILM), ("24:00:00:00", FILM), ("1:00", FILM), ("", FILM), ("00:00:60:00", Fraction(25)),
    ],
)  # fmt: skip
def test_invalid_time_codes_are_rejected(text, rate):
    with pytest.raises(UserError, match="time code"):
        parse_timecode(text, rate)


def test_impossible_requests_are_errors_of_the_program():
    with pytest.raises(ValueError, match="negative"):
        format_timecode(-1, NTSC)
    with pytest.raises(ValueError, match="no drop-frame"):
        format_timecode(1, FILM, drop=True)
