"""The similarity that needs no model: the cosine of the two texts' counts of word stems."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from timesuite_jax.data.timepro.grounded_captions.words import FUNCTION_WORDS, words

_ENDINGS = ("ing", "ed", "es", "s")
_MIN_STEM = 3


def word_overlap(queries: Sequence[str], texts: Sequence[str]) -> Float[np.ndarray, "queries texts"]:
    """Compares the stems of words, without words such as "the" unless a text has no others.

    Returns:
      The cosine similarity of each query with each text, within 0 and 1; 0 where one of them has no words.
    """
    counts = [_stems(text) for text in (*queries, *texts)]
    column = {stem: number for number, stem in enumerate(sorted(set().union(*counts)))}
    table = np.zeros((len(counts), len(column)))
    for row, count in enumerate(counts):
        for stem, times in count.items():
            table[row, column[stem]] = times
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12)
    return np.minimum(table[: len(queries)] @ table[len(queries) :].T, 1.0)


def _stems(text: str) -> Counter[str]:
    found = words(text)
    return Counter(_stem(word) for word in [word for word in found if word not in FUNCTION_WORDS] or found)


def _stem(word: str) -> str:
    """A word without its English ending: "chops", "chopped" and "chopping" have one stem."""
    for ending in _ENDINGS:
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= _MIN_STEM:
            stem = word.removesuffix(ending)
            doubled = len(stem) > _MIN_STEM and stem[-1] == stem[-2] and stem[-1] not in "lsz"
            return stem[:-1] if doubled else stem.removesuffix("e")
    return word.removesuffix("e") if len(word) > _MIN_STEM else word
