"""Several corpora as one numbered set of records."""

import itertools
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from timesuite_jax.data.corpora.corpus import open_corpus
from timesuite_jax.data.corpora.corpus_shares import CorpusShare, missing_corpora
from timesuite_jax.data.corpora.epoch_part import EpochPart, apportion
from timesuite_jax.data.corpora.record import Record
from timesuite_jax.data.corpora.record_reader import read_record, read_without_media
from timesuite_jax.data.corpora.tfrecord import TFRecordSource
from timesuite_jax.errors import UserError

if TYPE_CHECKING:
    import grain


class Mixture:
    """All records of several corpora, numbered from 0 in the order of the corpora.

    Without weights, each record is visited `repeat` times an epoch. With weights, an epoch has as many samples as there
    are records, shared by the entries in proportion to their weights: exactly so in each epoch, up to rounding.

    Raises:
      UserError: corpora are missing or damaged, there is none, two have the same name, or a weight is too small for one
        sample an epoch.
    """

    def __init__(self, shares: Sequence[CorpusShare]):
        if not shares:
            raise UserError("no corpus to train on; name at least one folder made by `timesuite data build`")
        if len(missing := missing_corpora(share.folder for share in shares)) > 1:
            raise UserError(
                f"{len(missing)} of the {len(shares)} corpora are missing: {', '.join(missing)}; build each with "
                "`timesuite data build --out FOLDER`, or name others"
            )
        opened = [open_corpus(share.folder) for share in shares]
        self.names = tuple(info.name for info, _ in opened)
        if repeated := sorted({name for name in self.names if self.names.count(name) > 1}):
            raise UserError(
                f"two corpora have the same name ({', '.join(repeated)}); leave one out if they are the same "
                "(FOLDER*2 visits a corpus twice), or build one again with --corpus"
            )
        self._sources = [source for _, source in opened]
        self._ends = np.cumsum([len(source) for source in self._sources])
        self._parts = _parts(shares, [len(source) for source in self._sources])
        self._visit_ends = np.cumsum([part.samples for part in self._parts])
        self._orders: dict[tuple[int, int], "grain.MapDataset"] = {}

    def __len__(self) -> int:
        return int(self._ends[-1])

    @property
    def visits(self) -> int:
        """Samples of an epoch: records, each counted as often as it is repeated."""
        return int(self._visit_ends[-1])

    @property
    def part_visits(self) -> list[int]:
        """Samples of an epoch of each corpus, or of each group of corpora with the same weights."""
        return [part.samples for part in self._parts]

    def record_of_visit(self, visit: int, *, epoch: int = 0, seed: int | None = None) -> int:
        """Record number of the `visit`-th sample of an unshuffled epoch.

        Args:
          visit: from 0 to `visits` - 1.
          epoch: number of the epoch; matters with weights only.
          seed: of the order in which a group's records are taken, with weights; None for the order of the records.
        """
        number = int(np.searchsorted(self._visit_ends, visit, side="right"))
        part = self._parts[number]
        within = visit - (int(self._visit_ends[number]) - part.samples)
        return part.record(epoch, within, self._order(seed, number) if part.uneven and seed is not None else None)

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

    def _order(self, seed: int, part: int) -> "grain.MapDataset":
        if (seed, part) not in self._orders:
            self._orders[seed, part] = self._parts[part].order(seed, part)
        return self._orders[seed, part]


def _parts(shares: Sequence[CorpusShare], sizes: Sequence[int]) -> list[EpochPart]:
    """The corpora, or groups of corpora with the same weights, as parts of an epoch.

    Raises:
      UserError: a weight is too small for one sample an epoch.
    """
    firsts = np.cumsum([0, *sizes]).tolist()
    if not shares[0].weights:
        return [
            EpochPart(first, size, size * share.repeat)
            for first, size, share in zip(firsts, sizes, shares, strict=False)
        ]
    of_entries = Counter[str]()  # records
    for share, size in zip(shares, sizes, strict=True):
        of_entries.update({entry: size for entry, _ in share.weights})
    groups = [list(numbers) for _, numbers in itertools.groupby(range(len(shares)), lambda n: shares[n].weights)]
    records = [sum(sizes[number] for number in group) for group in groups]
    weights = [
        sum(Fraction(weight) * Fraction(size, of_entries[entry]) for entry, weight in shares[group[0]].weights)
        for group, size in zip(groups, records, strict=True)
    ]
    parts = []
    for group, size, samples in zip(groups, records, apportion(sum(sizes), weights), strict=True):
        if samples == 0:
            given = " and ".join(f"{weight:g} of {entry}" for entry, weight in shares[group[0]].weights)
            corpora = ", ".join(shares[number].folder for number in group)
            raise UserError(
                f"the weight {given} gives {corpora} none of the {sum(sizes)} samples of an epoch; raise it, or remove "
                "the entry"
            )
        parts.append(EpochPart(firsts[group[0]], size, samples))
    return parts
