"""Highlight metrics on small cases computed by hand."""

import numpy as np
import pytest

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


def test_predictions_without_matching_queries_are_rejected():
    with pytest.raises(ValueError, match=r"1 predictions.*query id"):
        highlight_scores({8: [1.0]}, [TRUTH])
