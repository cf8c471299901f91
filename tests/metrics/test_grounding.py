"""IoU, grounding scores, and baselines without vision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.metrics import (
    best_constant_span,
    grounding_scores,
    hull_iou,
    random_spans,
    round_number_fractions,
    set_iou,
)

spans = st.tuples(st.floats(0, 100), st.floats(0, 100)).map(lambda pair: tuple(sorted(pair)))


@given(spans, spans)
def test_hull_iou_equals_iou(a, b):
    hull = hull_iou(np.array([a]), np.array([b]))[0]
    assert 0 <= hull <= 1
    if a[1] > a[0] and b[1] > b[0]:
        assert hull == pytest.approx(set_iou([a], [b]), abs=1e-9)


def test_iou_of_zero_length_spans():
    assert hull_iou(np.array([[5.0, 5.0], [5.0, 5.0]]), np.array([[5.0, 5.0], [6.0, 6.0]])).tolist() == [1.0, 0.0]


def test_iou_of_sets_of_spans():
    assert set_iou([(0, 2), (4, 6)], [(0, 6)]) == pytest.approx(4 / 6)
    assert set_iou([(0, 3), (2, 6)], [(0, 6)]) == 1.0
    assert set_iou([(10, 0)], [(0, 10)]) == set_iou([(2, 1)], [(2, 2)]) == 0.0  # ends before it starts: covers nothing
    assert set_iou([], [(0, 1)]) == set_iou([], []) == set_iou([(1, 1)], [(2, 2)]) == 0.0


def test_iou_of_sets_of_points():
    """Equal sets have 1, as `hull_iou` of equal points; a point beside a span adds nothing."""
    assert set_iou([(1, 1)], [(1, 1)]) == set_iou([(3, 3), (1, 1)], [(1, 1), (3, 3)]) == 1.0
    assert set_iou([(1, 1), (3, 3)], [(1, 1)]) == 0.5
    assert set_iou([(1, 1)], []) == set_iou([(1, 1)], [(0, 2)]) == 0.0
    assert set_iou([(0, 2), (5, 5)], [(0, 2)]) == 1.0


def test_summary_counts_missing_answers_as_misses():
    scores = grounding_scores([(0, 10), None, (5, 10), (20, 30)], [(0, 10), (0, 10), (0, 10), (0, 10)])
    summary = scores.summary()
    assert summary == {
        "r1_iou_0.3": 0.5, "r1_iou_0.5": 0.5, "r1_iou_0.7": 0.25, "miou": 0.375, "parse_failures": 0.25,
        "absent_answers": 0.0, "n": 4,
    }  # fmt: skip
    assert scores.summary([0.0])["r1_iou_0.0"] == 0.75
    assert {name: column.mean() for name, column in scores.table().items()} == {
        name: value for name, value in summary.items() if name != "n"
    }


def test_mismatched_lists_are_rejected():
    with pytest.raises(ValueError, match="2 predictions for 1 questions"):
        grounding_scores([None, None], [(0, 1)])
    with pytest.raises(ValueError, match="0 predictions"):
        grounding_scores([], [])


@pytest.mark.parametrize("relative", [True, False])
def test_best_constant_span(relative):
    durations = np.array([10.0, 20.0, 40.0, 80.0])
    truths = np.array([[0.25, 0.5]]) * durations[:, None] if relative else np.tile([[2.0, 5.0]], (4, 1))
    constant = best_constant_span(truths, durations, threshold=None, relative=relative)
    scores = grounding_scores(list(constant.predict(durations)), truths)
    assert scores.summary()["miou"] == pytest.approx(1.0)
    assert constant.relative is relative


def test_best_constant_span_depends_on_the_threshold():
    """With three short and two long events, the best span differs between thresholds."""
    truths, durations = np.array([[0, 2.0]] * 3 + [[0, 10.0]] * 2), np.full(5, 10.0)

    def r1(constant, threshold):
        return grounding_scores(list(constant.predict(durations)), truths).summary([threshold])[f"r1_iou_{threshold}"]

    assert r1(best_constant_span(truths, durations, threshold=0.7), 0.7) == pytest.approx(0.6)
    assert r1(best_constant_span(truths, durations, threshold=0.4), 0.4) == pytest.approx(1.0)


def test_random_spans_are_within_the_video_and_determined_by_the_seed():
    durations = np.array([1.0, 100.0] * 50)
    one, again, other = (random_spans(durations, seed=seed) for seed in (1, 1, 2))
    assert (one == again).all() and (one != other).any()
    assert (one[:, 0] <= one[:, 1]).all() and (one >= 0).all() and (one[:, 1] <= durations).all()


def test_round_number_fractions():
    fractions = round_number_fractions([(0.0, 5.0), (10.0, 12.3), None, (7.02, 20.0)])
    assert fractions == pytest.approx({"multiples_of_1": 5 / 6, "multiples_of_5": 4 / 6, "multiples_of_10": 3 / 6})
    assert set(round_number_fractions([None]).values()) == {0.0}


def test_an_answer_that_denies_the_event_is_no_parse_failure():
    scores = grounding_scores([None, None, (0, 1)], [(0, 1)] * 3, absent=[True, False, True]).summary()
    assert scores["absent_answers"] == scores["parse_failures"] == pytest.approx(1 / 3)
    assert scores["miou"] == pytest.approx(1 / 3)
