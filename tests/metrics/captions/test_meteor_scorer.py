"""METEOR without its tables, and the rules by which it departs from an exact search."""

import pytest

from timesuite_jax.metrics.captions.meteor import Meteor
from timesuite_jax.metrics.captions.meteor.lexicon import Lexicon
from timesuite_jax.metrics.captions.meteor.normalizer import meteor_words
from timesuite_jax.metrics.captions.meteor.paraphrases import Paraphrases
from timesuite_jax.metrics.captions.meteor.synonyms import Synonyms

PLAIN = Meteor(Lexicon())


def test_name_lists_the_modules_that_are_left():
    assert PLAIN.name == "meteor_exact_stem"
    assert Meteor(Lexicon(Synonyms({}, {}))).name == "meteor_exact_stem_synonym"
    assert Meteor(Lexicon(Synonyms({}, {}), Paraphrases({}))).name == "meteor"


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("it 's do n't", ["it", "'", "s", "do", "n", "'t"]),
        ("stir-fry at 5 p.m. e.g. a 1/2", ["stir", "fry", "at", "5", "pm", "eg", "a", "1", "/", "2"]),
        ("mr. smith ends.", ["mr.", "smith", "ends", "."]),
        ("wait... 1,000 a,b", ["wait", "...", "1,000", "a", ",", "b"]),
        (" ", []),
    ],
)
def test_words(sentence, words):
    assert meteor_words(sentence) == words


def test_equal_sentences_score_one_and_others_zero():
    assert PLAIN.score("the man cuts bread", ["the man cuts bread"]) == 1.0
    assert PLAIN.score("cats", ["pour water"]) == 0.0
    assert PLAIN.score("", ["pour water"]) == 0.0
    assert PLAIN.corpus_score([], []) == 0.0


def test_score_by_hand():
    """Of "stir soup" and "stir hot soup" two content words match, in two chunks: the penalty is full."""
    mean = 1 / (0.15 / 1.0 + 0.85 / (2 / 3))
    assert PLAIN.score("stir soup", ["stir hot soup"]) == pytest.approx(mean * (1 - 0.6), abs=1e-15)


def test_a_stem_that_two_modules_list_is_worth_nothing():
    """Stems alone are matched if unambiguous; as synonyms too, they are ambiguous and worth zero whole points."""
    assert PLAIN.score("cup", ["cups"]) == pytest.approx(0.6)  # all words in one chunk
    both = Meteor(Lexicon(Synonyms({"cup": "1"}, {})))
    assert both.score("cup", ["cups"]) == 0.0


def test_the_best_reference_counts():
    assert PLAIN.score("stir soup", ["wash hands", "stir soup"]) == 1.0
    assert PLAIN.score("stir soup", ["wash hands ||| stir soup"]) == 1.0


def test_a_paraphrase_may_change_the_number_of_words():
    table = Paraphrases({("put", "out"): [("extinguish",)]})
    meteor = Meteor(Lexicon(Synonyms({}, {}), table))
    statistics = meteor.statistics("they extinguish it", ["they put out it"])
    assert statistics.matched.tolist() == [3, 4]
    assert statistics.chunks == 1
