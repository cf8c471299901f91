"""Frames that the rules of action recognition choose; expected numbers are worked out by hand from the formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.errors import UserError
from timesuite_jax.media import action_frames as action
from timesuite_jax.media.frame_choice import rate_indices
from timesuite_jax.media.frame_rules import FRAME_RULES, frame_rule


class LowEdge:
    """A generator that draws the smallest value."""

    def integers(self, low, high=None, size=None, endpoint=False):
        low, shape = (0, size) if high is None else (low, np.shape(low))
        return np.broadcast_to(np.asarray(low), shape or ()).copy()


class HighEdge:
    """A generator that draws the largest value."""

    def integers(self, low, high=None, size=None, endpoint=False):
        high = low if high is None else high
        return np.broadcast_to(np.asarray(high) - (not endpoint), size or np.shape(high)).copy()


def test_sparse():
    # N = 301, T = 8: a part is 37.5; its edges 0, 37.5, 75, ... are rounded half to even.
    edges = [0, 38, 75, 112, 150, 188, 225, 262, 300]
    assert action.sparse_random(301, 8, LowEdge()).tolist() == edges[:-1]
    assert action.sparse_random(301, 8, HighEdge()).tolist() == edges[1:]
    # Clip c of 4: 37.5 / 5 * (c + 1) = 7.5, 15, 22.5, 30, rounded down.
    assert action.sparse_view(301, 8, 0, 4).tolist() == [start + 7 for start in edges[:-1]]
    assert action.sparse_view(301, 8, 3, 4).tolist() == [start + 30 for start in edges[:-1]]
    assert action.sparse_view(301, 8, 0, 1).tolist() == [start + 18 for start in edges[:-1]]
    # N = 5: a part is 0.5, starts are round(0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5).
    assert action.sparse_view(5, 8, 0, 1).tolist() == [0, 0, 1, 2, 2, 2, 3, 4]
    assert action.sparse_random(1, 8, HighEdge()).tolist() == [0] * 8


def test_segments():
    # N = 45, T = 8: segments of 45 // 8 = 5 frames in training, of 5.625 in evaluation.
    assert action.segments_random(45, 8, LowEdge()).tolist() == [0, 5, 10, 15, 20, 25, 30, 35]
    assert action.segments_random(45, 8, HighEdge()).tolist() == [4, 9, 14, 19, 24, 29, 34, 39]
    assert action.segments_middle(45, 8).tolist() == [2, 8, 14, 19, 25, 30, 36, 42]
    assert action.segments_view(45, 8, 0, 2).tolist() == [0, 5, 11, 16, 22, 28, 33, 39]
    assert action.segments_view(45, 8, 1, 2).tolist() == action.segments_middle(45, 8).tolist()
    assert action.segments_view(45, 8, 4, 5).tolist() == [4, 10, 15, 21, 27, 32, 38, 43]
    assert action.segments_random(7, 8, HighEdge()).tolist() == [0] * 8, "fewer frames than segments"


def test_pretraining():
    assert action.pretraining_random(45, 8, HighEdge()).tolist() == [3, 8, 13, 18, 23, 28, 33, 38]
    assert action.pretraining_random(45, 8, LowEdge()).tolist() == [0, 4, 9, 14, 19, 24, 29, 34], "never frame -1"
    assert action.pretraining_random(7, 8, HighEdge()).tolist() == [0] * 8


def test_dense():
    # Windows of 4 * 3 = 12 frames.
    assert action.dense_random(30, 4, 3, LowEdge()).tolist() == [0, 4, 8, 11]  # linspace(0, 12, 4), below 12
    assert action.dense_random(30, 4, 3, HighEdge()).tolist() == [17, 21, 25, 28]  # its end is 29, drawn below 30
    assert action.dense_middle(30, 4, 3).tolist() == [9, 13, 17, 20]
    assert [action.dense_view(30, 4, 3, view, 3).tolist() for view in range(3)] == [
        [0, 3, 6, 9], [9, 12, 15, 18], [18, 21, 24, 27],
    ]  # fmt: skip
    assert action.dense_view(30, 4, 3, 0, 1).tolist() == [9, 12, 15, 18]
    # Shorter than a window: 8 // 3 = 2 frames from the first to the last, then the last again.
    assert action.dense_random(8, 4, 3, LowEdge()).tolist() == [0, 7, 7, 7]
    assert action.dense_view(8, 4, 3, 1, 2).tolist() == [0, 3, 6, 6]
    assert action.dense_middle(2, 4, 3).tolist() == [1, 1, 1, 1]


def test_a_rate():
    # 30 frames a second, 2 chosen a second: centres at 0.25, 0.75, ... s are frames 7.5, 22.5, 37.5 (half to even).
    assert rate_indices(4, 60, 30.0, 2.0).tolist() == [8, 22, 38, 52]
    assert rate_indices(4, 45, 30.0, 2.0).tolist() == [8, 22, 38, 38]
    assert rate_indices(2, 600, 30.0, 2.0).tolist() == [8, 22]
    assert rate_indices(3, 5, 30.0, 2.0).tolist() == [0, 0, 0], "shorter than half an interval"


@given(
    name=st.sampled_from([*FRAME_RULES, "dense1", "dense16", "fps0.5"]),
    count=st.integers(1, 2000),
    num_frames=st.integers(1, 40),
    views=st.integers(1, 6),
    rate=st.floats(1, 120),
    seed=st.integers(0, 99),
)
def test_all_rules_choose_frames_of_the_video_in_order(name, count, num_frames, views, rate, seed):
    rule = frame_rule(name)
    chosen = [rule.random(count, num_frames, rate, np.random.default_rng(seed)), rule.middle(count, num_frames, rate)]
    views = min(views, rule.views or views)
    chosen += [rule.view(count, num_frames, rate, view, views) for view in range(views)]
    for numbers in chosen:
        assert numbers.shape == (num_frames,) and np.issubdtype(numbers.dtype, np.integer)
        assert numbers[0] >= 0 and numbers[-1] < count and np.all(np.diff(numbers) >= 0)
    again = rule.random(count, num_frames, rate, np.random.default_rng(seed))
    assert again.tolist() == chosen[0].tolist()
    if rule.deterministic:
        assert rule.random(count, num_frames, rate, np.random.default_rng(seed + 1)).tolist() == chosen[0].tolist()


@pytest.mark.parametrize("name", ["sparze", "dense0", "dense", "fps0", "fps", "fps-1", "dense8x", ""])
def test_other_names_are_errors(name):
    with pytest.raises(UserError, match=r"unknown sampling .*choose one of sparse, segments, "):
        frame_rule(name)
