"""CIDEr equals that of pycocoevalcap."""

import numpy as np
import pytest

from tests.support.caption_goldens import read_caption_golden
from timesuite_jax.errors import UserError
from timesuite_jax.metrics.captions.cider import MAX_N, SIGMA, cider


def test_scores(goldens):
    cases = read_caption_golden(goldens, "cider.json")["cases"]
    checked = 0
    for case in cases:
        if (case["n"], case["sigma"]) != (MAX_N, SIGMA):  # not used by any benchmark
            continue
        texts = [item["hyp"] for item in case["items"]], [item["refs"] for item in case["items"]]
        if "crash" in case:
            with pytest.raises(UserError, match="has a word"):
                cider(*texts)
            continue
        scores = cider(*texts)
        np.testing.assert_allclose(scores, case["scores"], rtol=0, atol=1e-12, err_msg=case["name"])
        assert scores.mean() == pytest.approx(case["score"], abs=1e-12), case["name"]
        checked += 1
    assert checked > 40
