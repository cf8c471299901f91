"""Questions about the records of corpora as the examples of a benchmark; a video is read when it is needed."""

import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, overload

from timesuite_jax.data.corpora import CorpusInfo, CorpusShare, Mixture, Record, read_info
from timesuite_jax.data.question_spans import Span
from timesuite_jax.errors import UserError
from timesuite_jax.text import Turn

Selector = Callable[[Record, int], bool]  # whether a benchmark uses this question (by index) of a record


class _Place(NamedTuple):
    """Where a question is stored; `known` is its record without the video, None if that could not be read."""

    corpus: int
    number: int
    turn: int
    id: str
    known: Record | None


class CorpusExample:
    """One question about the video of a record.

    Args:
      examples: all examples.
      place: index of this one.
    """

    def __init__(self, examples: "CorpusExamples", place: int) -> None:
        self._examples, self.place = examples, place
        _, _, self.turn_number, self.id, self._known = examples.places[place]

    @property
    def record(self) -> Record:
        """The record with its video, which is not kept: many examples may wait for their batch.

        Raises:
          UserError: its bytes are damaged.
        """
        return self._examples.read(self.place)

    @property
    def annotations(self) -> Record:
        """The record without its video.

        Raises:
          UserError: its bytes are damaged.
        """
        return self._known or self.record

    @property
    def turn(self) -> Turn:
        """The question with its annotated answer."""
        return self.annotations.turns[self.turn_number]

    @property
    def spans(self) -> tuple[Span, ...]:
        """True windows of the question, in seconds from the start of the record's clip."""
        return self.annotations.spans_of(self.turn_number)

    @property
    def source(self) -> str:
        """Name of the video, or of the record if it has none."""
        return self.annotations.source or self.annotations.id

    @property
    def prediction_id(self) -> str:
        """Id of the record, with the index of the question if the record has several."""
        known = self.annotations
        return f"{known.id}/{self.turn_number}" if len(known.turns) > 1 else known.id

    @property
    def corpus(self) -> CorpusInfo:
        """The corpus of the record."""
        return self._examples.infos[self._examples.places[self.place].corpus]


class CorpusExamples(Sequence[CorpusExample]):
    """The questions about the records of corpora, in order.

    Args:
      folders: of the corpora.
      select: which questions are used. A record of which none is used is one example, which `Benchmark.prompt` rejects
        with the reason.
      limit: records of each corpus, from the first; None for all.

    Attributes:
      unused: number of questions that `select` leaves out of records with other questions.

    Raises:
      UserError: a corpus is missing or damaged.
    """

    def __init__(self, folders: Sequence[str], select: Selector, limit: int | None = None) -> None:
        self.infos = [read_info(folder) for folder in folders]
        self._corpora = [Mixture([CorpusShare(folder)]) for folder in folders]
        names = [info.name for info in self.infos]
        repeated = {name for name, count in Counter(names).items() if count > 1}
        prefixes = [f"{name}[{i}]" if name in repeated else name for i, name in enumerate(names)]
        self.unused = 0
        self.places: list[_Place] = []
        for corpus, mixture in enumerate(self._corpora):
            for number in range(len(mixture) if limit is None else min(limit, len(mixture))):
                self._add(corpus, number, f"{prefixes[corpus]}#{number}", select)
        # (corpus, record number) -> record; the two latest are kept
        self._read = functools.lru_cache(maxsize=2)(lambda corpus, number: self._corpora[corpus].read(number))

    def read(self, place: int) -> Record:
        """Reads the record of an example; successive questions about one record get the same object.

        Raises:
          UserError: its bytes are damaged.
        """
        return self._read(self.places[place].corpus, self.places[place].number)

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, place: int) -> CorpusExample: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[CorpusExample]: ...
    def __getitem__(self, place: int | slice) -> CorpusExample | Sequence[CorpusExample]:
        """Returns a new example, so that the bytes of records that were used are freed."""
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        return CorpusExample(self, range(len(self))[place])

    @property
    def settings(self) -> Mapping[str, Any]:
        """Names, sizes and checksums of the corpora, as JSON values."""
        return {"corpora": [[info.name, len(info), list(info.checksums)] for info in self.infos]}

    def _add(self, corpus: int, number: int, id: str, select: Selector) -> None:
        try:
            known = self._corpora[corpus].read_without_media(number)
        except UserError:  # read again, and reported as a dropped example, when it is used
            self.places.append(_Place(corpus, number, 0, id, None))
            return
        count = len(known.turns)
        used = [turn for turn in range(count) if select(known, turn)]
        self.unused += count - len(used) if used else 0
        for turn in used or [0]:
            self.places.append(_Place(corpus, number, turn, f"{id}.{turn}" if count > 1 and used else id, known))
