"""Ranks of retrieval: several right answers, ties, values that are no numbers, and the dual softmax."""

import numpy as np
import pytest

from timesuite_jax.metrics.retrieval import RetrievalScores, dual_softmax, ranks


def test_the_best_right_answer_counts():
    scores = np.asarray([[0.1, 0.9, 0.5], [0.3, 0.2, 0.1]])
    assert ranks(scores, [[0, 2], [2]]).tolist() == [1, 2]


def test_constant_scores_and_nan_are_no_perfect_ranking():
    assert ranks(np.zeros((1, 4)), [[3]]).tolist() == [3]
    assert ranks(np.full((1, 4), np.nan), [[0]]).tolist() == [4]
    assert ranks(np.asarray([[np.nan, 1.0]]), [[1]]).tolist() == [1]


def test_summary():
    found = RetrievalScores(np.asarray([0, 2, 7, 40])).summary()
    assert found == {"r_1": 0.25, "r_5": 0.5, "r_10": 0.75, "r_mean": 0.5, "median_rank": 5.5, "n": 4}


def test_dual_softmax_prefers_the_answer_of_this_query():
    """An answer that is similar to all queries is the best one of no query."""
    similarity = np.asarray([[9.0, 8.0], [9.5, 1.0]])
    assert similarity.argmax(axis=1).tolist() == [0, 0]
    assert dual_softmax(similarity).argmax(axis=1).tolist() == [1, 0]


@pytest.mark.parametrize("right", [[[0]], [[0], []], [[0], [2]], [[0], [-1]]])
def test_right_answers_that_do_not_exist(right):
    with pytest.raises(ValueError, match="right answers"):
        ranks(np.zeros((2, 2)), right)
