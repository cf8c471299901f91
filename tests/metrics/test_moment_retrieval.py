"""Scores of all spans of an answer against several true windows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.metrics import grounding_scores, moment_average_precision, moment_table

TRUTH = [(5.0, 12.0), (20.0, 25.0)]
windows = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 30)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    min_size=1,
    max_size=6,
    unique=True,
)


def table(predicted, truth):
    return {name: float(column[0]) for name, column in moment_table([predicted], [truth]).items()}


def test_any_true_window_is_a_right_answer():
    for window in TRUTH:
        scores = grounding_scores([window], [TRUTH]).summary()
        assert scores["miou"] == scores["r1_iou_0.7"] == 1.0
        assert table([window], TRUTH)["map"] == 0.5  # one of two windows is found


def test_all_windows_are_the_perfect_answer_and_a_wrong_first_span_halves_precision():
    perfect = {"set_iou": 1.0, "map_iou_0.5": 1.0, "map_iou_0.75": 1.0, "map": 1.0}
    assert table(TRUTH, TRUTH) == table(TRUTH[::-1], TRUTH) == perfect
    assert table([(40.0, 50.0), *TRUTH], TRUTH)["map"] == pytest.approx(2 / 3)  # precision 2/3 at both recalls
    assert set(table([], TRUTH).values()) == {0.0}


def test_thresholds():
    """A span whose IoU is 0.6 counts at 0.5, 0.55 and 0.6."""
    scores = table([(0.0, 6.0)], [(0.0, 10.0)])
    assert scores == {"set_iou": 0.6, "map_iou_0.5": 1.0, "map_iou_0.75": 0.0, "map": pytest.approx(0.3)}


def test_a_window_is_found_once():
    same = [(0.0, 10.0), (0.0, 10.0)]
    assert moment_average_precision(same, [(0.0, 10.0), (50.0, 60.0)], [0.5])[0] == 0.5
    # Only the first ten spans count.
    assert moment_average_precision([(90.0, 91.0)] * 10 + [(0.0, 10.0)], [(0.0, 10.0)], [0.5])[0] == 0.0


def test_of_windows_with_equal_iou_the_last_is_found():
    """The span overlaps both windows equally; the second span overlaps the first window alone, as in the original."""
    truth = [(0.0, 10.0), (2.0, 12.0)]
    assert moment_average_precision([(1.0, 11.0), (0.0, 9.0)], truth, [0.75])[0] == 1.0


@given(windows, windows)
def test_bounds_and_monotony(predicted, truth):
    precision = moment_average_precision(predicted, truth)
    assert ((precision >= 0) & (precision <= 1)).all() and (np.diff(precision) <= 1e-12).all()
    iou = grounding_scores([predicted[0]], [truth]).iou[0]
    assert iou == max(grounding_scores([predicted[0]], [[window]]).iou[0] for window in truth)


def test_a_question_without_a_window_is_rejected():
    with pytest.raises(ValueError, match="question 1 has no true window"):
        grounding_scores([None, None], [(0, 1), []])
