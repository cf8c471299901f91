"""Several corpora as one numbered set of records."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from timesuite_jax.data.corpora.corpus import open_corpus
from timesuite_jax.data.corpora.record import Record
from timesuite_jax.data.corpora.record_reader import read_record, read_without_media
from timesuite_jax.data.corpora.tfrecord import TFRecordSource
from timesuite_jax.errors import UserError


@dataclass(frozen=True)
class CorpusShare:
    """A corpus of the mixture; each of its records is visited `repeat` times an epoch."""

    folder: str
    repeat: int = 1


def corpus_shares(entries: Sequence[str]) -> tuple[CorpusShare, ...]:
    """Parses a mixture as configs write it: "FOLDER", or "FOLDER*3" to visit its records three times an epoch.

    Raises:
      UserError: the text after the last star is not a whole number.
    """
    shares = []
    for entry in entries:
        folder, star, repeat = entry.rpartition("*")
        if star and not repeat.isdigit():
            raise UserError(f"corpus {entry!r} has no whole number after the star; write it as FOLDER*3")
        shares.append(CorpusShare(folder, int(repeat)) if star else CorpusShare(entry))
    return tuple(shares)


class Mixture:
    """All records of several corpora, numbered from 0 in the order of the corpora.

    Raises:
      UserError: a corpus is missing or damaged, there is none, two have the same name, or a repeat is below 1.
    """

    def __init__(self, shares: Sequence[CorpusShare]):
        if not shares:
            raise UserError("no corpus to train on; name at least one folder made by `timesuite data build`")
        opened = [open_corpus(share.folder) for share in shares]
        self.names = tuple(info.name for info, _ in opened)
        if len(set(self.names)) < len(self.names):
            raise UserError(f"two corpora have the same name ({', '.join(self.names)}); build one again with --corpus")
        wrong = [share for share in shares if share.repeat < 1]
        if wrong:
            raise UserError(f"corpus {wrong[0].folder} has repeat {wrong[0].repeat}; give 1 or more, or leave it out")
        self._sources = [source for _, source in opened]
        self._ends = np.cumsum([len(source) for source in self._sources])
        self._visit_ends = np.cumsum([len(s) * share.repeat for s, share in zip(self._sources, shares, strict=True)])

    def __len__(self) -> int:
        return int(self._ends[-1])

    @property
    def visits(self) -> int:
        """Samples of an epoch: records, each counted as often as it is repeated."""
        return int(self._visit_ends[-1])

    def record_of_visit(self, visit: int) -> int:
        """Record number of the `visit`-th sample of an unshuffled epoch."""
        corpus = int(np.searchsorted(self._visit_ends, visit, side="right"))
        within = visit - (int(self._visit_ends[corpus - 1]) if corpus else 0)
        size = len(self._sources[corpus])
        return int(self._ends[corpus]) - size + within % size

    def corpus_of(self, number: int) -> str:
        """Name of the corpus of a record."""
        return self.names[int(np.searchsorted(self._ends, number, side="right"))]

    def read(self, number: int) -> Record:
        """Reads a record.

        Raises:
          UserError: its bytes are damaged.
        """
        return read_record(*self._locate(number))

    def read_without_media(self, number: int) -> Record:
        """Reads a record without its video or frames.

        Raises:
          UserError: its bytes are damaged.
        """
        return read_without_media(*self._locate(number))

    def _locate(self, number: int) -> tuple[TFRecordSource, int]:
        """The corpus of a record, and its number there."""
        corpus = int(np.searchsorted(self._ends, number, side="right"))
        source = self._sources[corpus]
        return source, number - (int(self._ends[corpus]) - len(source))
