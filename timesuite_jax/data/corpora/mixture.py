"""Several corpora as one numbered set of records, and the order in which training visits it.

The order is a pure function of (seed, position): position // size is the epoch, and each epoch has its own permutation,
computed position by position (Grain's index shuffle), so nothing grows with the number of records and going anywhere
costs nothing. Neither the number of processes nor of workers has a say in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import grain
import numpy as np

from timesuite_jax.data.corpora.corpus import open_corpus
from timesuite_jax.data.corpora.record import Record, decode_record
from timesuite_jax.errors import UserError


@dataclass(frozen=True)
class CorpusShare:
    """A corpus of the mixture; each of its records is visited `repeat` times an epoch."""

    folder: str
    repeat: int = 1


def corpus_shares(words: Sequence[str]) -> tuple[CorpusShare, ...]:
    """Reads a mixture as configs write it: "FOLDER", or "FOLDER*3" to visit its records three times an epoch.

    Raises:
      UserError: what stands behind the last star is no whole number.
    """
    shares = []
    for word in words:
        folder, star, repeat = word.rpartition("*")
        if star and not repeat.isdigit():
            raise UserError(f"corpus {word!r} has no whole number behind the star; write it as FOLDER*3")
        shares.append(CorpusShare(folder, int(repeat)) if star else CorpusShare(word))
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
        """Samples of an epoch: records, counted as often as they are repeated."""
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
        corpus = int(np.searchsorted(self._ends, number, side="right"))
        source = self._sources[corpus]
        within = number - (int(self._ends[corpus]) - len(source))
        shard, record = source.locate(within)
        return decode_record(source[within], f"{Path(source.paths[shard])}: record {record}")


class IndexSampler:
    """What one process visits, without end: pairs of (position in the global order, record number).

    The global batch of step i is positions [i * B, (i + 1) * B); process p of n takes the p-th n-th of it. So the same
    global batches come out whatever the number of processes.

    Has `__len__` and `__getitem__`, as Grain asks of a data source.
    """

    # Endless, as far as Python's `len` allows and more than any run reads.
    _LENGTH = 2**60

    def __init__(
        self, mixture: Mixture, *, seed: int, shuffle: bool, global_batch: int, process_index: int, process_count: int
    ):
        self._mixture = mixture
        order = grain.MapDataset.range(mixture.visits)
        # Grain takes seeds of 32 bits.
        self._order = order.seed(seed % 2**32).shuffle().repeat() if shuffle else order.repeat()
        self._global_batch = global_batch
        self._local_batch = global_batch // process_count
        self._offset = self._local_batch * process_index

    def __len__(self) -> int:
        return self._LENGTH

    def __getitem__(self, number: int) -> tuple[int, int]:
        step, row = divmod(int(number), self._local_batch)
        position = step * self._global_batch + self._offset + row
        visit = self._order[position]
        assert visit is not None  # Grain's type for filtered elements; nothing is filtered here
        return position, self._mixture.record_of_visit(int(visit))

    def __repr__(self) -> str:
        return f"Visits({self._mixture.visits} an epoch)"
