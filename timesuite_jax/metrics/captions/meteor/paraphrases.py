"""METEOR 1.5's table of paraphrases, read from an installed `pycocoevalcap` as far as given sentences need it."""

import gzip
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

LONGEST = 7  # words of the longest phrase in the table


class Paraphrases:
    """Paraphrases by phrase."""

    def __init__(self, table: Mapping[tuple[str, ...], Sequence[tuple[str, ...]]]):
        self._table = table

    @classmethod
    def read(cls, path: Path, sentences: Iterable[Sequence[str]]) -> "Paraphrases":
        """Reads the entries of which both phrases occur in the sentences.

        The whole table has 5.3 million entries, which take about 1 GB.

        Args:
          path: gzip file with three lines an entry: probability (not used), phrase, paraphrase.
          sentences: words of every sentence that will be compared.
        """
        known = {
            " ".join(words[start : start + length]).encode()
            for words in {tuple(sentence) for sentence in sentences}
            for start in range(len(words))
            for length in range(1, min(LONGEST, len(words) - start) + 1)
        }
        if not known:
            return cls({})  # the file takes seconds to read
        table: dict[tuple[str, ...], list[tuple[str, ...]]] = defaultdict(list)
        for phrase, paraphrase in _entries(path):
            if phrase in known and paraphrase in known:
                table[tuple(phrase.decode().split())].append(tuple(paraphrase.decode().split()))
        return cls(dict(table))

    def at(self, words: Sequence[str], start: int) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yields length and paraphrase of each phrase that begins at a word: shorter ones first, then in file order."""
        for length in range(1, min(LONGEST, len(words) - start) + 1):
            for paraphrase in self._table.get(tuple(words[start : start + length]), ()):
                yield length, paraphrase


def _entries(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yields phrase and paraphrase of every entry, read by blocks: line by line takes twice the time."""
    rest: list[bytes] = []
    tail = b""
    with gzip.open(path) as file:
        while block := file.read(1 << 22):
            *lines, tail = (tail + block).split(b"\n")
            rest += lines
            whole = len(rest) // 3 * 3
            yield from zip(rest[1:whole:3], rest[2:whole:3], strict=True)
            rest = rest[whole:]
