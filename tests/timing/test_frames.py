"""Frame numbers and seconds: half-open spans, at any frame rate."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.timing.frames import FrameRange, displayed_frames, frames_span, span_frames

TIMES = np.array([0.0, 0.5, 0.6, 2.0])
DURATION = 3.0

gaps = st.lists(st.floats(0.001, 2.0), min_size=1, max_size=40)


def clock(gaps: list[float], start: float = 0.0) -> tuple[np.ndarray, float]:
    """Times of frames with these gaps, and the end of the last one."""
    ends = start + np.cumsum(gaps)
    return np.concatenate([[start], ends[:-1]]), float(ends[-1])


@pytest.mark.parametrize(
    ("second", "frame"), [(-1.0, 0), (0.0, 0), (0.49, 0), (0.5, 1), (0.599, 1), (0.6, 2), (1.99, 2), (2.0, 3), (9.0, 3)]
)
def test_a_frame_is_displayed_until_the_next(second, frame):
    assert displayed_frames(TIMES, np.array([second])).tolist() == [frame]


@pytest.mark.parametrize(
    ("span", "frames"),
    [
        ((0.0, 0.5), (0, 1)),  # frame 1 appears when the span has ended
        ((0.0, 0.51), (0, 2)),
        ((0.5, 0.6), (1, 2)),
        ((0.55, 0.58), (1, 2)),
        ((0.3, 0.3), (0, 1)),  # a moment is the frame displayed then
        ((0.6, 3.0), (2, 4)),
        ((2.5, 9.0), (3, 4)),
    ],
)
def test_frames_of_a_span(span, frames):
    assert span_frames(TIMES, span) == frames


def test_seconds_of_frames():
    assert frames_span(TIMES, DURATION, FrameRange(1, 3)) == (0.5, 2.0)
    assert frames_span(TIMES, DURATION, FrameRange(0, 4)) == (0.0, 3.0)
    assert FrameRange(1, 3).last == 2
    for wrong in ((2, 2), (-1, 1), (0, 5)):
        with pytest.raises(ValueError, match=r"are empty or not among the 4 frames"):
            frames_span(TIMES, DURATION, FrameRange(*wrong))


def test_times_that_differ_by_floating_point_are_equal():
    times = np.arange(40) * (1001 / 30000)
    for frame in range(1, 40):
        for shift in (-1e-9, 0.0, 1e-9):
            assert span_frames(times, (times[frame] + shift, times[frame] + 1e-3)).first == frame
            assert span_frames(times, (0.0, times[frame] + shift)).end == frame


@given(gaps, st.floats(0, 5), st.data())
def test_seconds_of_frames_have_these_frames(gaps, start, data):
    times, duration = clock(gaps, start)
    first = data.draw(st.integers(0, len(times) - 1))
    end = data.draw(st.integers(first + 1, len(times)))
    assert span_frames(times, frames_span(times, duration, FrameRange(first, end))) == (first, end)


@given(gaps, st.floats(0, 90), st.floats(0, 90))
def test_a_span_has_exactly_the_frames_displayed_in_it(gaps, one, other):
    times, _duration = clock(gaps)
    start, end = sorted((one, other))
    first, after = span_frames(times, (start, end))
    assert 0 <= first < after <= len(times)
    ends = np.append(times[1:], np.inf)
    tolerance = 1e-5  # ends within it may count either way
    surely = (times < end - tolerance) & (ends > start + tolerance)
    maybe = (times <= end + tolerance) & (ends >= start - tolerance)
    chosen = np.arange(first, after)
    assert np.isin(np.flatnonzero(surely), chosen).all()
    assert maybe[chosen].all()


@given(gaps, st.lists(st.floats(0, 80), min_size=2, max_size=6, unique=True))
def test_adjacent_spans_share_no_more_than_the_frame_displayed_between_them(gaps, cuts):
    times, _ = clock(gaps)
    cuts = sorted(cuts)
    ranges = [span_frames(times, span) for span in itertools.pairwise(cuts)]
    for one, other in itertools.pairwise(ranges):
        assert one.last <= other.first or other.first == len(times) - 1


@given(gaps, st.data())
def test_spans_between_times_of_frames_partition_the_video(gaps, data):
    times, duration = clock(gaps)
    inner = data.draw(st.sets(st.integers(1, len(times) - 1))) if len(times) > 1 else set()
    cuts = [0, *sorted(inner), len(times)]
    seconds = [*times[cuts[:-1]].tolist(), duration]
    ranges = [span_frames(times, span) for span in itertools.pairwise(seconds)]
    assert [tuple(frames) for frames in ranges] == list(itertools.pairwise(cuts))
