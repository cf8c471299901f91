"""Times in answers about a clip become those of the video."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.text import format_span, parse_spans, shift_times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("From 1.0 to 2.5 seconds.", "From 61.0 to 62.5 seconds."),
        ("The event happens in 3 - 12 seconds", "The event happens in 63.0 - 72.0 seconds"),
        ("1.5s to 2.5s", "61.5s to 62.5s"),
        ("0:03 - 0:12", "1:03 - 1:12"),
        ("59:30 to 59:40.5", "1:00:30 to 1:00:40.5"),
        ("3 people run from 3 to 12 seconds", "3 people run from 63.0 to 72.0 seconds"),
        ("starts at 3 seconds and ends at 4.5 seconds.", "starts at 63.0 seconds and ends at 64.5 seconds."),
        ("1.0 - 2.0 and 3.0 - 4.0 seconds", "61.0 - 62.0 and 63.0 - 64.0 seconds"),
        ("He eats 3 apples.", "He eats 3 apples."),
        ("It never appears.", "It never appears."),
        ("", ""),
    ],
)
def test_times_are_moved(text, expected):
    assert shift_times(text, 60.0) == expected


@pytest.mark.parametrize("text", ["2 to 3 minutes", "from 1 minute 5 seconds to 1 minute 20 seconds", "at 0:03"])
def test_other_notations_get_a_note(text):
    assert shift_times(text, 60.0) == f"{text} (times count from second 60 of the video)"


def test_no_offset_changes_nothing():
    assert shift_times("From 1 to 2.50 seconds.", 0.0) == "From 1 to 2.50 seconds."


@given(st.floats(0, 500), st.floats(0.1, 500), st.floats(0.1, 5000))
def test_the_moved_answer_has_the_moved_span(start, length, offset):
    text = f"The event happens in {format_span((start, start + length))}."
    ((before, after),) = zip(parse_spans(text), parse_spans(shift_times(text, offset)), strict=True)
    assert after == pytest.approx((before.start + offset, before.end + offset), abs=0.051)


def test_until_the_end():
    assert shift_times("From 3 seconds to the end of the video.", 60.0, duration=10.0).startswith(
        "From 63.0 seconds to"
    )
