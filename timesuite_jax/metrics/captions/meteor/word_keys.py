"""Keys by which METEOR 1.5 compares words and stems: Java's hash codes, which differ for nearly all words."""

import functools

import snowballstemmer

_stemmer = snowballstemmer.stemmer("english")


@functools.lru_cache(maxsize=200_000)
def word_key(word: str) -> int:
    """Returns the key of a word; two words are equal for METEOR if their keys are ("siblings", "teheran")."""
    key = 0
    for unit in memoryview(word.encode("utf-16-le", "surrogatepass")).cast("H"):
        key = (31 * key + unit) & 0xFFFFFFFF
    return key


@functools.lru_cache(maxsize=200_000)
def stem_key(word: str) -> int:
    """Returns the key of a word's stem, by the Snowball stemmer for English before its version 3."""
    return word_key(_stemmer.stemWord(word))
