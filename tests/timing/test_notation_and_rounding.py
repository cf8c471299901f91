"""Clock times, rounding, clips, and the original's times."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.timing.clips import clip_duration, clip_seconds, clip_window, video_span
from timesuite_jax.timing.clock_notation import clock_time, short_clock, units_before
from timesuite_jax.timing.rounding import rounded, rounded_all
from timesuite_jax.timing.upstream_stamps import evaluation_frames, index_seconds, index_times, training_frames


@pytest.mark.parametrize(
    ("units", "per_second", "text"),
    [
        (0, 1, "0:00"), (65, 1, "1:05"), (3600, 1, "1:00:00"), (3723, 1, "1:02:03"), (605, 10, "1:00.5"),
        (600, 10, "1:00"), (1005, 1000, "0:01.005"), (36_000, 10, "1:00:00"),
    ],
)  # fmt: skip
def test_short_clock(units, per_second, text):
    assert short_clock(units, per_second) == text


@given(st.integers(0, 10**9), st.sampled_from([1, 10, 1000]))
def test_clock_times_add_up(units, per_second):
    hours, minutes, seconds, fraction = clock_time(units, per_second)
    assert ((hours * 60 + minutes) * 60 + seconds) * per_second + fraction == units
    assert minutes < 60 and seconds < 60 and fraction < per_second


@given(st.lists(st.floats(0.0011, 3.0), min_size=1, max_size=30))
def test_whole_units_keep_the_frames_of_a_span(gaps):
    """Frames are further apart than the millisecond of the written times."""
    times = np.concatenate([[0.0], np.cumsum(gaps)])
    written = [units_before(time, 1000) for time in times]
    shown = (times + 1e-6) * 1000
    for first, start in enumerate(written):
        for end in range(first + 1, len(times)):
            assert np.flatnonzero((start <= shown) & (shown < written[end])).tolist() == list(range(first, end))


def test_units_before_a_time_in_floating_point():
    assert units_before(0.1 + 0.2, 1000) == 300 and units_before(0.3 - 1e-12, 1000) == 300
    assert units_before(1001 / 30000, 1000) == 33 and units_before(0.0, 1000) == 0


@pytest.mark.parametrize(("seconds", "text"), [(0.25, 0.2), (0.35, 0.3), (2.675, 2.7), (12.0, 12.0), (0.05, 0.1)])
def test_times_are_rounded_as_python_rounds(seconds, text):
    assert rounded(seconds) == text


def test_numpy_and_python_round_some_times_differently():
    seconds = np.arange(200) / 20
    python, numpy = rounded_all(seconds), rounded_all(seconds, "numpy")
    assert python.tolist() == [round(float(second), 1) for second in seconds]
    assert numpy.tolist() == np.round(seconds, 1).tolist() and (python != numpy).any()
    assert np.abs(python - numpy).max() == pytest.approx(0.1)


def test_a_clip_ends_with_its_video():
    assert clip_window(None, 5.0) == (0.0, 5.0) and clip_window((1.0, math.inf), 5.0) == (1.0, 5.0)
    assert clip_duration((1.0, 9.0), 5.0) == 4.0 and clip_duration(None, 5.0) == 5.0
    assert clip_seconds(np.array([1.5, 2.0, 3.0]), (2.0, 4.0)).tolist() == [0.0, 0.0, 1.0]
    assert video_span((1.0, 2.0), (10.0, 20.0)) == (11.0, 12.0) and video_span((1.0, 2.0), None) == (1.0, 2.0)


@given(st.floats(0, 100), st.floats(0.1, 100), st.floats(1, 200))
def test_clip_times_are_within_the_clip(start, length, duration):
    clip = (start, start + length)
    seen = clip_seconds(np.linspace(0, duration, 20), clip)
    assert (seen >= 0).all() and (np.diff(seen) >= 0).all()
    if start < duration:
        assert 0 < clip_duration(clip, duration) <= length * (1 + 1e-12) + 1e-12


def test_the_originals_tenth_of_a_second_is_a_switch():
    frames = np.array([24, 25, 36])
    assert index_seconds(frames, 12.0).tolist() == [2.0, 2.1, 3.0]
    assert index_seconds(frames, 12.0, clip_start=2.0).tolist() == [0.1, 0.2, 1.1]
    assert index_seconds(frames, 12.0, clip_start=2.0, clip_offset=0.0).tolist() == [0.0, 0.1, 1.0]
    # The absolute value: a frame 0.25 s before the clip.
    assert index_seconds(np.array([21]), 12.0, clip_start=2.0, rounding="python").tolist() == [0.1]


def test_the_originals_frames_of_a_clip():
    assert training_frames(None, 60, 12.0) == (0, 60) and evaluation_frames(None, 60, 12.0) == (0, 59)
    assert training_frames((1.99, 4.0), 60, 12.0) == (23, 24)  # not limited to the video below
    assert training_frames((4.0, 9.0), 60, 12.0) == (48, 60) and training_frames((4.0, math.inf), 60, 12.0) == (48, 12)
    assert evaluation_frames((1.2, 30.0), 60, 12.0) == (14, 59)
    assert evaluation_frames((1.2, math.inf), 60, 12.0) == (14, 59)


@given(st.integers(1, 500), st.sampled_from([12.0, 24000 / 1001, 25.0, 30000 / 1001, 60.0]))
def test_the_originals_times_denote_their_frames(count, rate):
    """Above 10 frames a second a tenth covers several: the rounded time is within half a tenth."""
    exact = index_times(count, rate)
    assert np.abs(index_seconds(np.arange(count), rate) - exact).max() <= 0.05 + 1e-9
