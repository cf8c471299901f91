"""Tokens of captions equal those of upstream's tokenizer, cut and padded to each recorded length."""

import numpy as np
import pytest

from timesuite_jax.internvideo2.stage2.data import CaptionTokens


@pytest.mark.parametrize("length", [6, 12, 16])
def test_tokens(golden_case, length):
    golden = golden_case("tokenizer")
    tokens = CaptionTokens(str(golden.folder / "vocab.txt"), length)
    ids, mask = tokens(golden.config["sentences"], clean=False)
    np.testing.assert_array_equal(ids, golden.arrays[f"len{length}.input_ids"])
    np.testing.assert_array_equal(mask, golden.arrays[f"len{length}.attention_mask"] == 1)
    special = golden.config["special_ids"]
    assert (tokens.special.bos, tokens.special.eos, tokens.mask_id) == (special["cls"], special["sep"], special["mask"])
