"""Windows of long videos: they cover the video, and times of frames survive the way to the prompt and back."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.media import SamplingSpec, choose_frames
from timesuite_jax.text.time_text import format_seconds
from timesuite_jax.timing.clips import video_span
from timesuite_jax.timing.frames import displayed_frames
from timesuite_jax.videochat_t.answering.long_video.strategy import clip_factor
from timesuite_jax.videochat_t.answering.long_video.window_plan import (
    SHORTEST_INTERVAL_S,
    coarse_windows,
    zoom_window,
)

_ROUNDING = 1e-6  # of sums of seconds in float64
LENGTHS = st.floats(1.0, 7200.0)
RATES = st.floats(0.5, 120.0)
FRAMES = st.integers(2, 128)
SHARES = st.floats(0.0, 1.0)


def frame_times(duration: float, rate: float) -> np.ndarray:
    return np.arange(max(2, int(duration * rate))) / rate


def check_stamps(times, duration, spec, window, number):
    """A frame's stamp as the prompt has it, moved to the video, is the frame's time to half a sampled interval."""
    chosen, seconds = choose_frames(times, duration, 1.0, spec, clip=window)
    written = float(format_seconds(float(seconds[number])))
    found = video_span((written, written), window)[0]
    interval = 0.0 if window is None else window[1] - window[0]
    interval = (interval or duration) / spec.num_frames
    assert abs(found - times[chosen[number]]) <= interval / 2 + _ROUNDING


@given(LENGTHS, RATES, st.integers(8, 128), st.floats(10.0, 100.0), SHARES, SHARES)
def test_stamps_of_windows_are_right_to_half_a_frame_interval(duration, rate, num_frames, intervals, which, frame):
    window = intervals * SHORTEST_INTERVAL_S * num_frames
    times = frame_times(duration, rate)
    windows = coarse_windows(times, float(times[-1]) + 1 / rate, window, None)
    one = windows[int(which * (len(windows) - 1))]
    spec, number = SamplingSpec(num_frames), int(frame * (num_frames - 1))
    if one[1] - one[0] >= SHORTEST_INTERVAL_S * num_frames:  # else the video itself is as short
        check_stamps(times, float(times[-1]) + 1 / rate, spec, one, number)


@given(LENGTHS, RATES, FRAMES, SHARES, st.floats(0.0, 100.0), SHARES)
def test_stamps_of_zoomed_windows_are_right_to_half_a_frame_interval(duration, rate, num_frames, at, length, frame):
    times = frame_times(duration, rate)
    end = float(times[-1]) + 1 / rate
    start = at * end
    zoom = zoom_window(times, (start, min(start + length, end)), (0.0, end), window=180.0, num_frames=num_frames)
    if zoom is not None and zoom[1] - zoom[0] >= SHORTEST_INTERVAL_S * num_frames - _ROUNDING:
        check_stamps(times, end, SamplingSpec(num_frames), zoom, int(frame * (num_frames - 1)))


@given(LENGTHS, RATES, st.integers(2, 32), SHARES)
def test_stamps_of_resampled_clips_are_right_to_half_a_frame_interval(duration, rate, num_frames, frame):
    window = 10 * SHORTEST_INTERVAL_S * num_frames
    times = frame_times(duration, rate)
    end = float(times[-1]) + 1 / rate
    count = num_frames * clip_factor(end, window) if end > window else num_frames
    if end >= SHORTEST_INTERVAL_S * count:
        check_stamps(times, end, SamplingSpec(count), None, int(frame * (count - 1)))


@given(st.floats(1.0, 600.0), RATES, st.floats(5.0, 300.0), SHARES)
def test_what_is_shorter_than_half_a_window_is_in_one_window(duration, rate, window, at):
    times = frame_times(duration, rate)
    end = float(times[-1]) + 1 / rate
    windows = coarse_windows(times, end, window, None)
    assert windows[0][0] == 0.0 and windows[-1][1] == pytest.approx(end)
    assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in itertools.pairwise(windows))
    length = min(window / 2, end)
    start = at * (end - length)
    inside = [begin <= start + _ROUNDING and start + length <= last + _ROUNDING for begin, last in windows]
    assert any(inside)


def test_windows_of_a_clip_stay_in_it():
    times = frame_times(100.0, 10.0)
    windows = coarse_windows(times, 100.0, 10.0, (20.03, 50.0))
    assert windows[0][0] == 20.03 and windows[-1][1] == 50.0
    starts = np.array([begin for begin, _ in windows[1:]])
    np.testing.assert_allclose(times[displayed_frames(times, starts)], starts)


def test_a_span_that_fills_a_window_is_not_looked_at_again():
    times = frame_times(100.0, 10.0)
    assert zoom_window(times, (40.0, 44.0), (0.0, 100.0), window=10.0, num_frames=8) is None
    assert zoom_window(times, (40.0, 42.0), (0.0, 100.0), window=10.0, num_frames=8) == (38.0, 44.0)
    assert zoom_window(times, (0.0, 2.0), (0.0, 100.0), window=10.0, num_frames=8) == (0.0, 6.0)


def test_an_event_seen_in_one_frame_is_looked_at_again_up_to_the_frames_beside_it():
    times = frame_times(100.0, 10.0)
    zoom = zoom_window(times, (40.0, 40.0), (0.0, 100.0), window=20.0, num_frames=8)  # 2.5 s apart
    assert zoom == pytest.approx((37.5, 42.5))


@pytest.mark.parametrize(("shown", "factor"), [(10.0, 1), (10.1, 2), (20.0, 2), (79.0, 8), (3600.0, 512)])
def test_clips_are_doubled_until_the_frame_rate_is_that_of_training(shown, factor):
    assert clip_factor(shown, 10.0) == factor
