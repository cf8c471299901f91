"""WordNet's synonyms as METEOR 1.5 looks them up, read from the jar of an installed `pycocoevalcap`."""

import functools
import zipfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

# Suffixes of nouns, verbs and adjectives in WordNet's order, and what replaces them in the base form.
_SUFFIXES = (
    ("s", ""), ("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("men", "man"), ("ies", "y"),
    ("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", ""),
    ("er", ""), ("est", ""), ("er", "e"), ("est", "e"),
)  # fmt: skip


class Synonyms:
    """Sets of synonyms by word."""

    def __init__(self, sets: Mapping[str, str], bases: Mapping[str, Sequence[str]]):
        """Stores the tables.

        Args:
          sets: numbers of a word's sets of synonyms, separated by spaces.
          bases: base forms of irregular forms.
        """
        self._sets = sets
        self._bases = bases
        self.of = functools.lru_cache(maxsize=200_000)(self._of)

    @classmethod
    def read(cls, jar: Path) -> "Synonyms":
        """Reads the tables in METEOR's jar, a zip archive; nothing in it is run."""
        with zipfile.ZipFile(jar) as archive:
            lines = archive.read("synonym/english.synsets").decode("utf-8").splitlines()
            exceptions = archive.read("synonym/english.exceptions").decode("utf-8").splitlines()
        bases: dict[str, list[str]] = defaultdict(list)
        for base, forms in zip(exceptions[::2], exceptions[1::2], strict=True):
            for form in forms.split():
                bases[form].append(base)
        return cls(dict(zip(lines[::2], lines[1::2], strict=True)), dict(bases))

    def _of(self, word: str) -> frozenset[str]:
        """Returns the sets of synonyms of a word and of its base forms."""
        forms = [word, *self._bases.get(word, (self._base(word),))]
        return frozenset(number for form in forms for number in self._sets.get(form, "").split())

    def _base(self, word: str) -> str:
        """Returns the base form of a regular form, "" if it is unknown."""
        if word.endswith("ss") or len(word) <= 2:
            return word
        for suffix, ending in _SUFFIXES:
            if word.endswith(suffix) and (base := word[: len(word) - len(suffix)] + ending) in self._sets:
                return base + "ful" if word.endswith("ful") else base
        return ""
