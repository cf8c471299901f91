"""METEOR equals the jar of METEOR 1.5, with and without its table of paraphrases, and its stems are the jar's."""

import importlib.util
from collections.abc import Sequence

import pytest

from tests.support.caption_goldens import read_caption_golden
from timesuite_jax.metrics.captions.meteor import Meteor
from timesuite_jax.metrics.captions.meteor.lexicon import Lexicon
from timesuite_jax.metrics.captions.meteor.statistics import MeteorStatistics
from timesuite_jax.metrics.captions.meteor.word_keys import stem_key, word_key

SHARE = 8  # one pair in so many; all of them nightly
needs_wordnet = pytest.mark.skipif(
    importlib.util.find_spec("pycocoevalcap") is None,
    reason="pycocoevalcap, which has METEOR's synonyms and paraphrases, is not installed",
)


def line(statistics: MeteorStatistics) -> str:
    """Writes statistics as the jar does."""
    numbers = [*statistics.lengths, *statistics.function_words]
    for content, function in zip(statistics.content, statistics.function, strict=True):
        numbers += [*content, *function]
    return " ".join(str(float(number)) for number in [*numbers, statistics.chunks, *statistics.matched])


def check(golden: dict, pairs: Sequence[dict]) -> None:
    meteor = Meteor.installed([sentence for pair in pairs for sentence in (pair["hyp"], *pair["refs"])])
    without = Meteor(Lexicon(meteor.lexicon.synonyms))
    assert (meteor.name, without.name) == ("meteor", "meteor_exact_stem_synonym")
    for pair in pairs:
        found = meteor.statistics(pair["hyp"], pair["refs"])
        assert (line(found), found.score) == (pair["stats"], pytest.approx(pair["score"], abs=1e-12)), pair["id"]
        found = without.statistics(pair["hyp"], pair["refs"])
        assert line(found) == pair.get("stats_no_paraphrase", pair["stats"]), pair["id"]
        assert found.score == pytest.approx(pair["meteor_no_paraphrase"], abs=1e-12), pair["id"]
    known = {pair["id"]: pair for pair in pairs}
    groups = [group for group in golden["groups"] if known.keys() >= set(group["ids"])]
    assert groups
    for group in groups:
        members = [known[number] for number in group["ids"]]
        texts = [pair["hyp"] for pair in members], [pair["refs"] for pair in members]
        assert meteor.corpus_score(*texts) == pytest.approx(group["score"], abs=1e-12), group["name"]
        assert without.corpus_score(*texts) == pytest.approx(group["meteor_no_paraphrase"], abs=1e-12), group["name"]


@needs_wordnet
def test_some_pairs(goldens):
    golden = read_caption_golden(goldens, "meteor.json")
    small = min((group for group in golden["groups"] if len(group["ids"]) > 1), key=lambda group: len(group["ids"]))
    chosen = set(small["ids"])
    check(golden, [pair for pair in golden["pairs"] if pair["id"] % SHARE == 0 or pair["id"] in chosen])


@needs_wordnet
@pytest.mark.nightly
def test_all_pairs(goldens):
    golden = read_caption_golden(goldens, "meteor.json")
    check(golden, golden["pairs"])


def test_stems(goldens):
    stems = read_caption_golden(goldens, "stems.json")["stems"]
    assert len(stems) > 1000
    assert [word for word, stem in stems if stem_key(word) != word_key(stem)] == []
