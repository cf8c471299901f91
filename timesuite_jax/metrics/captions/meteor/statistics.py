"""Sufficient statistics of METEOR 1.5 and the score that they give."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from timesuite_jax.metrics.captions.meteor.function_words import FUNCTION_WORDS
from timesuite_jax.metrics.captions.meteor.matches import Match

# English, task "rank".
ALPHA, BETA, GAMMA, DELTA = 0.85, 0.20, 0.60, 0.75
MODULE_WEIGHTS = (1.0, 0.6, 0.8, 0.6)  # exact, stem, synonym, paraphrase


@dataclass(frozen=True)
class MeteorStatistics:
    """Counts of one or more pairs of a hypothesis and a reference.

    Attributes:
      lengths: words of the hypotheses and of the references.
      function_words: those of them that are function words.
      content: content words matched by each module, in the hypotheses and in the references.
      function: function words matched by each module.
      chunks: runs of matches that are adjacent on both sides.
    """

    lengths: Int[np.ndarray, "2"]
    function_words: Int[np.ndarray, "2"]
    content: Int[np.ndarray, "4 2"]
    function: Int[np.ndarray, "4 2"]
    chunks: int

    @classmethod
    def of(cls, hypothesis: Sequence[str], reference: Sequence[str], matches: Sequence[Match]) -> "MeteorStatistics":
        """Counts an alignment.

        Args:
          hypothesis: words of the hypothesis.
          reference: words of the reference.
          matches: alignment, in the order of the reference.
        """
        is_function = [[word in FUNCTION_WORDS for word in words] for words in (hypothesis, reference)]
        content, function = np.zeros((4, 2), np.int64), np.zeros((4, 2), np.int64)
        chunks, end = 0, (-1, -1)
        for match in matches:
            sides = ((match.hypothesis_start, match.hypothesis_length), (match.start, match.length))
            for side, (start, length) in enumerate(sides):
                functions = sum(is_function[side][start : start + length])
                function[match.module, side] += functions
                content[match.module, side] += length - functions
            chunks += end != (match.hypothesis_start, match.start)
            end = (match.hypothesis_start + match.hypothesis_length, match.start + match.length)
        lengths = np.array([len(hypothesis), len(reference)])
        return cls(lengths, np.array([sum(side) for side in is_function]), content, function, chunks)

    @property
    def matched(self) -> Int[np.ndarray, "2"]:
        """Matched words of the hypotheses and of the references."""
        return self.content.sum(axis=0) + self.function.sum(axis=0)

    @property
    def is_perfect(self) -> bool:
        """Whether all words match in one chunk."""
        return self.chunks == 1 and bool((self.matched == self.lengths).all())

    @property
    def score(self) -> float:
        """The METEOR score, from 0 to 1."""
        lengths = DELTA * (self.lengths - self.function_words) + (1.0 - DELTA) * self.function_words
        weighted = np.zeros(2)
        for counts, delta in ((self.content, DELTA), (self.function, 1.0 - DELTA)):
            for weight, count in zip(MODULE_WEIGHTS, counts, strict=True):
                weighted = weighted + count * weight * delta
        if not weighted.all() or not lengths.all():
            return 0.0
        precision, recall = (weighted / lengths).tolist()
        mean = 1.0 / ((1.0 - ALPHA) / precision + ALPHA / recall)
        fragmentation = 0.0 if self.is_perfect else self.chunks / (float(self.matched.sum()) / 2)
        return max(0.0, mean * (1.0 - GAMMA * fragmentation**BETA))


def total(statistics: Sequence[MeteorStatistics]) -> MeteorStatistics:
    """Adds statistics of several pairs, for the score of a corpus; the chunks of perfect pairs do not count."""
    return MeteorStatistics(
        np.sum([each.lengths for each in statistics], axis=0),
        np.sum([each.function_words for each in statistics], axis=0),
        np.sum([each.content for each in statistics], axis=0),
        np.sum([each.function for each in statistics], axis=0),
        sum(0 if each.is_perfect else each.chunks for each in statistics),
    )
