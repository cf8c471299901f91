"""Finds the entries of a dictionary of one or several words in a text, a hyphen or a space between two words."""

import re
from collections.abc import Iterable, Mapping

from timesuite_jax.text.answers.vocabulary import LETTER

WORD = re.compile(rf"{LETTER}+")


def most_words(entries: Iterable[str]) -> dict[str, int]:
    """Returns how many words an entry may have, by the first one.

    Args:
      entries: with one space between words.
    """
    most: dict[str, int] = {}
    for entry in entries:
        first, *rest = entry.split()
        most[first] = max(most.get(first, 1), 1 + len(rest))
    return most


def entries_at(text: str, start: int, values: Mapping[str, float], most: Mapping[str, int]) -> list[tuple[float, int]]:
    """Returns the values of the entries at `start` and the positions behind, longest first.

    Args:
      text: the answer, as `plain_characters` returns it.
      start: position of a word.
      values: by entry.
      most: `most_words` of the entries.
    """
    found: list[tuple[float, int]] = []
    word = WORD.match(text, start)
    if word is None:
        return found
    written = ""
    for _ in range(most.get(word[0], 0)):
        written, end = f"{written} {word[0]}".lstrip(), word.end()
        if written in values:
            found.append((values[written], end))
        word = WORD.match(text, end + 1) if text[end : end + 1] in (" ", "-") else None
        if word is None:
            break
    return found[::-1]
