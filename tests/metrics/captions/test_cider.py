"""CIDEr of small sets of captions."""

import math

import numpy as np
import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.metrics.captions.cider import cider


def test_equal_captions_of_four_words_score_ten():
    captions = ["pour the hot water", "cut some fresh bread"]
    np.testing.assert_allclose(cider(captions, [[caption] for caption in captions]), 10.0, rtol=0, atol=1e-12)


def test_one_word_has_no_longer_ngrams():
    assert cider(["pour", "cut"], [["pour"], ["cut"]]).tolist() == pytest.approx([2.5, 2.5])


def test_length_penalty():
    """The bigrams of "a b c d" and "a b c d e" are 3 and 4: a difference of one."""
    score = cider(["a b c d", "x y"], [["a b c d e"], ["x y"]])[0]
    cosine = np.mean([math.sqrt((6 - n) ** -1 * (5 - n)) for n in range(1, 5)])
    assert score == pytest.approx(10 * cosine * math.exp(-1 / 72))


def test_one_item_has_no_rare_ngrams():
    assert cider(["pour water"], [["pour water"]]).tolist() == [0.0]


def test_references_without_words_are_refused():
    with pytest.raises(UserError, match="none of the references of 1 captions has a word"):
        cider(["pour water"], [[""]])
