"""Scores of dense captions on tiny videos."""

import numpy as np
import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.metrics.captions.dense import Event, VideoEvents, dense_caption_scores
from timesuite_jax.metrics.captions.dense.soda import soda_c
from timesuite_jax.metrics.captions.meteor import Meteor
from timesuite_jax.metrics.captions.meteor.lexicon import Lexicon
from timesuite_jax.metrics.captions.meteor.normalizer import meteor_words
from timesuite_jax.metrics.captions.ptb import ptb_tokenize

PLAIN = Meteor(Lexicon())
SOUP = [Event(0, 10, "stir the soup"), Event(10, 20, "add some salt")]
BREAD = [Event(0, 10, "cut the bread"), Event(12, 20, "eat it now")]


def test_copies_of_the_truth_score_one():
    scores = dense_caption_scores([VideoEvents("a", SOUP, SOUP), VideoEvents("b", BREAD, BREAD)], meteor=PLAIN)
    summary = scores.summary()
    assert summary["f1"] == summary["meteor_exact_stem"] == summary["paragraph_meteor_exact_stem"] == 1.0
    assert summary["soda_c_meteor_exact_stem"] == pytest.approx(1.0, abs=1e-8)  # 1e-8 is added to each union
    assert len(scores.per_video["cider"]) == 2


def test_a_video_without_predictions_scores_zero():
    scores = dense_caption_scores([VideoEvents("a", SOUP, SOUP), VideoEvents("b", None, BREAD)], meteor=PLAIN)
    for name in ("f1", "cider", "meteor_exact_stem", "soda_c_meteor_exact_stem", "paragraph_cider"):
        assert scores.per_video[name][1] == 0.0, name


def test_more_than_ten_predictions_keep_their_own_scores():
    captions = [f"word{number}" for number in range(12)]
    overlaps = np.eye(12)
    assert soda_c(overlaps, captions, captions, PLAIN) == 1.0
    assert soda_c(overlaps, captions, captions, PLAIN, protocol="paper") < 0.5


def test_words_that_only_soda_compares_are_in_the_lexicon(monkeypatch):
    """A true event that no prediction reaches is in no pair, and a paragraph has other tokens than its captions."""
    wanted = []
    monkeypatch.setattr(
        "timesuite_jax.metrics.captions.meteor.scorer.installed_lexicon",
        lambda sentences: wanted.extend(sentences) or Lexicon(),
    )
    truth = [Event(0.0, 1.5, "It's 10 percent."), Event(0.0, 10.0, "A dog barks.")]
    dense_caption_scores([VideoEvents("a", [Event(0.0, 10.0, "it is ten percent")], truth)])
    for caption in ptb_tokenize(["It's 10 percent.", "A dog barks.", "it is ten percent"]):
        assert meteor_words(caption) in wanted, caption


def test_a_chain_uses_events_in_order():
    overlaps = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert soda_c(overlaps, ["cut", "cut"], ["cut", "cut"], PLAIN) == 0.5


@pytest.mark.parametrize(
    ("videos", "message"),
    [
        ([], "no videos"),
        ([VideoEvents("a", SOUP, SOUP), VideoEvents("a", SOUP, SOUP)], "video a occurs twice"),
        ([VideoEvents("a", SOUP, [])], "video a has no true event"),
    ],
)
def test_truths_that_cannot_be_scored(videos, message):
    with pytest.raises(UserError, match=message):
        dense_caption_scores(videos, meteor=PLAIN)
