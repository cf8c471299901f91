"""Scores sentences by METEOR 1.5 (Denkowski and Lavie, 2014), equal to its jar with `-l en -norm`."""

from collections.abc import Iterable, Sequence

from timesuite_jax.metrics.captions.meteor.alignment import align
from timesuite_jax.metrics.captions.meteor.lexicon import Lexicon, installed_lexicon
from timesuite_jax.metrics.captions.meteor.matches import find_matches
from timesuite_jax.metrics.captions.meteor.normalizer import meteor_words
from timesuite_jax.metrics.captions.meteor.statistics import MeteorStatistics, total


class Meteor:
    """METEOR with the synonyms and paraphrases of a lexicon."""

    def __init__(self, lexicon: Lexicon):
        self.lexicon = lexicon
        self._words: dict[str, list[str]] = {}
        self._pairs: dict[tuple[str, str], MeteorStatistics] = {}

    @classmethod
    def installed(cls, sentences: Iterable[str]) -> "Meteor":
        """Returns a scorer with what an installed `pycocoevalcap` knows about the words of these sentences."""
        return cls(installed_lexicon(meteor_words(sentence) for sentence in set(sentences)))

    @property
    def name(self) -> str:
        """Name of the metric, with the modules where some are missing."""
        return self.lexicon.name

    def statistics(self, hypothesis: str, references: Sequence[str]) -> MeteorStatistics:
        """Compares a hypothesis with each reference; returns the statistics of the one with the highest score.

        As in pycocoevalcap, "|||" is removed from the hypothesis and separates several references.
        """
        cleaned = hypothesis.replace("|||", "").replace("  ", " ")
        parts = [part.strip() for reference in references for part in reference.split("|||")]
        return max((self._pair(cleaned, part) for part in parts), key=lambda each: each.score)

    def score(self, hypothesis: str, references: Sequence[str]) -> float:
        """Returns the score of a hypothesis, from 0 to 1."""
        return self.statistics(hypothesis, references).score

    def corpus_score(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> float:
        """Returns the score of the added statistics of several hypotheses; 0 if there are none."""
        pairs = zip(hypotheses, references, strict=True)
        statistics = [self.statistics(hypothesis, each) for hypothesis, each in pairs]
        return total(statistics).score if statistics else 0.0

    def _pair(self, hypothesis: str, reference: str) -> MeteorStatistics:
        if (hypothesis, reference) not in self._pairs:
            left, right = self._split(hypothesis), self._split(reference)
            matches = align(find_matches(left, right, self.lexicon))
            self._pairs[hypothesis, reference] = MeteorStatistics.of(left, right, matches)
        return self._pairs[hypothesis, reference]

    def _split(self, sentence: str) -> list[str]:
        if sentence not in self._words:
            self._words[sentence] = meteor_words(sentence)
        return self._words[sentence]
