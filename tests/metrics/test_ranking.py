"""HR@K and NDCG@K computed from ranks."""

import numpy as np
import pytest

from timesuite_jax.metrics import RankingScores


def test_scores_by_hand():
    scores = RankingScores(np.array([0, 4, 5, 19, 20]))
    np.testing.assert_allclose(scores.hits(5), [1, 1, 0, 0, 0])
    np.testing.assert_allclose(scores.gains(20), [1, np.log(2) / np.log(6), 1 / np.log2(7), 1 / np.log2(21), 0])
    summary = scores.summary()
    assert summary["hr_5"] == 0.4 and summary["hr_10"] == 0.6 and summary["hr_20"] == 0.8 and summary["n"] == 5
    assert summary["ndcg_5"] == pytest.approx((1 + np.log(2) / np.log(6)) / 5)


def test_empty_ranks_are_rejected():
    with pytest.raises(ValueError, match=r"no ranks.*at least one user"):
        RankingScores(np.zeros(0, np.int32))
