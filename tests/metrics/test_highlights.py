"""Highlight metrics on small cases computed by hand."""

import numpy as np
import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.metrics import average_precision, highlight_scores

TRUTH = {"qid": 7, "duration": 8, "relevant_clip_ids": [1, 2], "saliency_scores": [[4, 2, 0], [3, 3, 3]]}


def test_average_precision_by_hand():
    positive, scores = np.array([1, 0, 1, 0]), np.array([4.0, 3.0, 2.0, 1.0])
    assert average_precision(positive, scores) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(positive, np.zeros(4)) == pytest.approx(0.5)
    assert average_precision(np.zeros(4), scores) == 0.0
    assert average_precision(np.ones(4), scores) == 1.0


def test_highlight_scores_by_hand():
    scores = highlight_scores({7: [0.0, 3.0, 1.0, 0.0]}, [TRUTH])
    assert scores["HL-min-VeryGood-Hit1"] == 1.0 and scores["n"] == 1
    assert scores["HL-min-VeryGood-mAP"] == pytest.approx(1 / 3)
    assert highlight_scores({7: [0.0, 0.0, 9.0]}, [TRUTH])["HL-min-VeryGood-Hit1"] == 0.0


def test_best_clip_beyond_the_end_of_the_video_is_a_miss():
    scores = highlight_scores({7: [0, 3, 1, 0, 9]}, [TRUTH])
    assert scores["HL-min-Fair-Hit1"] == 0.0
    assert scores["HL-min-Fair-mAP"] == highlight_scores({7: [0, 3, 1, 0]}, [TRUTH])["HL-min-Fair-mAP"]


def test_queries_may_have_different_numbers_of_annotators():
    """The mean over the annotators of each query, then over queries: one annotator counts as much as three."""
    single = {**TRUTH, "qid": 8, "saliency_scores": [[4], [0]]}
    scores = highlight_scores({7: [0.0, 3.0, 1.0, 0.0], 8: [9.0, 3.0, 1.0, 0.0]}, [TRUTH, single])
    assert scores["HL-min-VeryGood-mAP"] == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert scores["HL-min-VeryGood-Hit1"] == 0.5


def test_predictions_without_matching_queries_are_rejected():
    with pytest.raises(UserError, match=r"1 predictions.*query id.*\[7\] against \['7'\]"):
        highlight_scores({"7": [1.0]}, [TRUTH])
    with pytest.raises(UserError, match=r"none of 0 predictions.*\[7\] against \[\]"):
        highlight_scores({}, [TRUTH])


def test_annotated_clips_beyond_the_end_are_ignored_and_counted():
    """126 s are 63 clips."""
    truth = {"qid": 8737, "duration": 126, "relevant_clip_ids": [60, 70], "saliency_scores": [[4, 4, 4]] * 2}
    scores = highlight_scores({8737: [0.1] * 60 + [1.0, 0.2, 0.1]}, [truth, TRUTH])
    assert scores["HL-min-VeryGood-Hit1"] == scores["HL-min-VeryGood-mAP"] == 1.0
    assert (scores["n"], scores["without_prediction"], scores["clips_beyond_end"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("changes", "predicted", "problem"),
    [
        ({"relevant_clip_ids": [], "saliency_scores": []}, [1.0], "has no relevant clip"),
        ({"relevant_clip_ids": [-1, 2]}, [1.0], "relevant clip -1"),
        ({"saliency_scores": [[4, 2, 0]]}, [1.0], "one list of saliency_scores for each"),
        ({"saliency_scores": [[4, 2, 0], [4]]}, [1.0], "one list of saliency_scores for each"),
        ({"relevant_clip_ids": [1, 2, 3]}, [1.0], "one list of saliency_scores for each"),  # 6 scores are not 3 times 2
        ({"saliency_scores": [4, 3]}, [1.0], "one list of saliency_scores for each"),
        ({"saliency_scores": [[4, 2, None], [3, 3, 3]]}, [1.0], "with a finite number of each annotator"),
        ({"saliency_scores": [[], []]}, [1.0], "one list of saliency_scores for each"),
        ({"relevant_clip_ids": ["a", "b"]}, [1.0], "relevant clip 'a'"),
        ({"relevant_clip_ids": [1.5, 2]}, [1.0], "relevant clip 1.5"),
        ({"relevant_clip_ids": [10**20, 2]}, [1.0], "relevant clip 100000000000000000000"),
        ({"relevant_clip_ids": [2, 2]}, [1.0], "a relevant clip twice"),
        ({"duration": 1.5}, [1.0], "too short for a clip"),
        ({"duration": float("nan")}, [1.0], "too short for a clip"),
        ({"duration": "150"}, [1.0], "duration '150'"),
        ({"duration": None}, [1.0], "duration None"),
        ({"duration": 1e12}, [1.0], "over the 1000000 s supported"),
        ({"relevant_clip_ids": None}, [1.0], "relevant_clip_ids None"),
        ({"relevant_clip_ids": 3}, [1.0], "relevant_clip_ids 3"),
        ({"relevant_clip_ids": [True, 2]}, [1.0], "relevant clip True"),
        ({"saliency_scores": None}, [1.0], "one list of saliency_scores for each"),
        ({}, [], "no predicted clip scores"),
        ({}, [[1.0]], "no predicted clip scores"),
        ({}, [1.0, float("nan")], "not finite"),
    ],
)
def test_errors_name_the_query(changes, predicted, problem):
    with pytest.raises(UserError, match=rf"query 7 .*{problem}"):
        highlight_scores({7: predicted}, [{**TRUTH, **changes}])
