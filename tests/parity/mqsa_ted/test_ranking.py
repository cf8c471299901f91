"""Item rankings and metrics at the initial variables equal those of upstream's evaluation."""

import jax.numpy as jnp
import numpy as np
import pytest

from tests.support.golden_case import GoldenCase
from timesuite_jax.evaluation import top_k_items

SPLITS = ("validate", "test")
LOGITS_ATOL = 2e-6


@pytest.mark.parametrize("split", SPLITS)
def test_rankings_and_metrics(case: GoldenCase, split: str):
    scores, masked = case.ranking(case.params(), split)
    if case.has_parts:
        name = f"{split}_logits_masked"
        np.testing.assert_allclose(masked, case.arrays[name], rtol=1e-7, atol=LOGITS_ATOL)
    expected = case.arrays[f"rank_{split}"]
    ours = np.asarray(top_k_items(jnp.asarray(masked), expected.shape[1])[0])
    for user, item in zip(*np.nonzero(ours != expected), strict=True):
        # Only items with equal scores may be ordered differently.
        a, b = masked[user, ours[user, item]], masked[user, expected[user, item]]
        assert abs(a - b) <= 2 * LOGITS_ATOL + 1e-7 * abs(a), (user, item)
    summary, expected = scores.summary(), case.meta["metrics_HR_NDCG"][split]
    assert len(summary) == 2 * len(expected) + 1, "expected two metrics per cutoff, and the number of users"
    for cutoff, (hits, gain) in expected.items():
        assert summary[f"hr_{cutoff}"] == pytest.approx(hits, abs=1e-12)
        assert summary[f"ndcg_{cutoff}"] == pytest.approx(gain, abs=1e-12)
