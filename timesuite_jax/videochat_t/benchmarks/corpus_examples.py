"""Records of corpora as the examples of a benchmark; a record is read when it is needed."""

import dataclasses
import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, overload

from timesuite_jax.data.corpora import CorpusShare, Mixture, read_info
from timesuite_jax.data.corpora.record import Record
from timesuite_jax.text import Turn


@dataclasses.dataclass(frozen=True)
class Annotations:
    """A record without its video; fields as in `Record`."""

    id: str
    source: str  # of the video, or the record's id
    turns: tuple[Turn, ...]
    spans: tuple[tuple[float, float], ...]


class CorpusExample:
    """One record.

    Args:
      examples: all examples.
      place: index of this one.
      id: "<corpus>#<number of the record>".
    """

    def __init__(self, examples: "CorpusExamples", place: int, id: str) -> None:
        self.examples, self.place, self.id = examples, place, id

    @property
    def record(self) -> Record:
        """The record with its video, which is not kept: many examples may wait for their batch.

        Raises:
          UserError: its bytes are damaged.
        """
        return self.examples.read(self.place)

    @functools.cached_property
    def annotations(self) -> Annotations:
        """What a record says of its video.

        Raises:
          UserError: its bytes are damaged.
        """
        record = self.record
        return Annotations(record.id, record.source or record.id, record.turns, record.spans)


class CorpusExamples(Sequence[CorpusExample]):
    """The records of corpora, in order.

    Args:
      folders: of the corpora.
      limit: records of each corpus, from the first; None for all.

    Raises:
      UserError: a corpus is missing or damaged.
    """

    def __init__(self, folders: Sequence[str], limit: int | None = None) -> None:
        self._infos = [read_info(folder) for folder in folders]
        self._corpora = [Mixture([CorpusShare(folder)]) for folder in folders]
        names = [info.name for info in self._infos]
        repeated = {name for name, count in Counter(names).items() if count > 1}
        prefixes = [f"{name}[{i}]" if name in repeated else name for i, name in enumerate(names)]
        self._places = [
            (corpus, number, f"{prefixes[corpus]}#{number}")
            for corpus, mixture in enumerate(self._corpora)
            for number in range(len(mixture) if limit is None else min(limit, len(mixture)))
        ]
        self.read = functools.lru_cache(maxsize=2)(self._read)  # place -> record; the two latest are kept

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> CorpusExample: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[CorpusExample]: ...
    def __getitem__(self, place: int | slice) -> CorpusExample | Sequence[CorpusExample]:
        """Returns a new example, so that the bytes of records that were used are freed."""
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        place = range(len(self))[place]
        return CorpusExample(self, place, self._places[place][2])

    def _read(self, place: int) -> Record:
        corpus, number, _ = self._places[place]
        return self._corpora[corpus].read(number)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Names, sizes and checksums of the corpora, as JSON values."""
        return {"corpora": [[info.name, len(info), list(info.checksums)] for info in self._infos]}
