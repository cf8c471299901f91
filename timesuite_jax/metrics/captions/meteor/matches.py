"""All pairs of phrases of a hypothesis and a reference that METEOR 1.5 may align."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

from timesuite_jax.metrics.captions.meteor.lexicon import Lexicon
from timesuite_jax.metrics.captions.meteor.word_keys import stem_key, word_key

EXACT, STEM, SYNONYM, PARAPHRASE = range(4)


class Match(NamedTuple):
    """A phrase of the reference and one of the hypothesis, in words, and the same as bits."""

    module: int
    start: int
    length: int
    hypothesis_start: int
    hypothesis_length: int
    reference_mask: int
    hypothesis_mask: int

    @classmethod
    def of(cls, module: int, start: int, length: int, hypothesis_start: int, hypothesis_length: int) -> "Match":
        """Makes a match of positions and lengths."""
        masks = ((1 << length) - 1) << start, ((1 << hypothesis_length) - 1) << hypothesis_start
        return cls(module, start, length, hypothesis_start, hypothesis_length, *masks)


def find_matches(hypothesis: Sequence[str], reference: Sequence[str], lexicon: Lexicon) -> list[list[Match]]:
    """Returns the matches that start at each word of the reference, in the order of the search.

    A pair of words is listed by each module that accepts it, so that synonyms with the same stem are listed twice.
    """
    found: list[list[Match]] = [[] for _ in reference]
    hypothesis_keys, reference_keys = ([word_key(word) for word in words] for words in (hypothesis, reference))
    for at, position in _equal(hypothesis_keys, reference_keys):
        found[at].append(Match.of(EXACT, at, 1, position, 1))
    if hypothesis_keys == reference_keys:
        return found
    stems = ([stem_key(word) for word in words] for words in (hypothesis, reference))
    for at, position in _equal(*stems):
        if hypothesis_keys[position] != reference_keys[at]:
            found[at].append(Match.of(STEM, at, 1, position, 1))
    if lexicon.synonyms is not None:
        positions: dict[str, list[int]] = defaultdict(list)
        for position, word in enumerate(hypothesis):
            for number in lexicon.synonyms.of(word):
                positions[number].append(position)
        for at, word in enumerate(reference):
            shared = {position for number in lexicon.synonyms.of(word) for position in positions.get(number, ())}
            for position in sorted(shared):
                if hypothesis_keys[position] != reference_keys[at]:
                    found[at].append(Match.of(SYNONYM, at, 1, position, 1))
    if lexicon.paraphrases is not None:
        for at in range(len(reference)):
            for length, phrase in lexicon.paraphrases.at(reference, at):
                for position in _places(phrase, hypothesis):
                    found[at].append(Match.of(PARAPHRASE, at, length, position, len(phrase)))
        for position in range(len(hypothesis)):
            for length, phrase in lexicon.paraphrases.at(hypothesis, position):
                for at in _places(phrase, reference):
                    found[at].append(Match.of(PARAPHRASE, at, len(phrase), position, length))
    return found


def _equal(hypothesis: Sequence[Hashable], reference: Sequence[Hashable]) -> Iterator[tuple[int, int]]:
    """Yields positions of equal keys in the reference and the hypothesis, in the order of the reference."""
    positions: dict[Hashable, list[int]] = defaultdict(list)
    for position, key in enumerate(hypothesis):
        positions[key].append(position)
    for at, key in enumerate(reference):
        for position in positions.get(key, ()):
            yield at, position


def _places(phrase: Sequence[str], words: Sequence[str]) -> Iterator[int]:
    """Yields where a phrase begins in a sentence."""
    if phrase[0] in words:
        for start in range(words.index(phrase[0]), len(words) - len(phrase) + 1):
            if tuple(words[start : start + len(phrase)]) == phrase:
                yield start
