"""CIDEr-D (Vedantam et al., 2015), equal to the class `Cider` of pycocoevalcap.

N-grams are weighted by how few items have them in their references, so that a score depends on the whole set of items;
with one item, every score is 0.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from timesuite_jax.errors import UserError

MAX_N = 4  # words of the longest n-grams
SIGMA = 6.0  # standard deviation of the length penalty, in bigrams
SCALE = 10.0

NGram = tuple[str, ...]


def cider(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Float[np.ndarray, " items"]:
    """Scores each hypothesis against its references; the mean is the metric.

    Args:
      hypotheses: tokens of each item joined by spaces.
      references: one or more reference captions of each item, as tokens joined by spaces.

    Returns:
      Scores from 0 to 10.

    Raises:
      UserError: no reference has a word.
    """
    grams = [[_ngrams(reference) for reference in each] for each in references]
    frequencies: Counter[NGram] = Counter()
    for each in grams:
        frequencies.update({gram for counts in each for gram in counts})
    if not frequencies:
        raise UserError(f"none of the references of {len(hypotheses)} captions has a word; correct the ground truth")
    weights = {gram: math.log(len(grams)) - math.log(count) for gram, count in frequencies.items()}
    unseen = math.log(len(grams))
    scores = []
    for hypothesis, each in zip(hypotheses, grams, strict=True):
        vector = _Vector(_ngrams(hypothesis), weights, unseen)
        values = np.zeros(MAX_N)
        for counts in each:
            values += vector.similarity(_Vector(counts, weights, unseen))
        scores.append(float(np.mean(values)) / len(each) * SCALE)
    return np.array(scores)


def _ngrams(caption: str) -> Counter[NGram]:
    words = caption.split()
    return Counter(tuple(words[start : start + n]) for n in range(1, MAX_N + 1) for start in range(len(words) - n + 1))


class _Vector:
    """Weighted n-grams of a caption, by n."""

    def __init__(self, counts: Counter[NGram], weights: Mapping[NGram, float], unseen: float):
        self.values: list[dict[NGram, float]] = [{} for _ in range(MAX_N)]
        self.norms = np.zeros(MAX_N)
        self.length = 0  # in bigrams
        for gram, count in counts.items():
            n = len(gram) - 1
            value = float(count) * weights.get(gram, unseen)
            self.values[n][gram] = value
            self.norms[n] += value**2
            self.length += count if n == 1 else 0
        self.norms = np.sqrt(self.norms)

    def similarity(self, reference: "_Vector") -> Float[np.ndarray, " n"]:
        """Returns the cosine with a reference by n, clipped to its counts and reduced for a different length."""
        result = np.zeros(len(self.values))
        for n, (own, other) in enumerate(zip(self.values, reference.values, strict=True)):
            result[n] = sum(min(value, other.get(gram, 0.0)) * other.get(gram, 0.0) for gram, value in own.items())
            if self.norms[n] and reference.norms[n]:
                result[n] /= self.norms[n] * reference.norms[n]
        return result * math.exp(-((self.length - reference.length) ** 2) / (2 * SIGMA**2))
