"""Two kinds of records without videos, and the samples and batches made of them: what a record stream must not know."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from timesuite_jax.data.corpora import Dropped
from timesuite_jax.errors import UserError


@dataclass(frozen=True)
class Note:
    """A text; samples are its words."""

    id: str
    text: str


@dataclass(frozen=True)
class Words:
    words: tuple[str, ...]
    cuts: tuple[str, ...] = ()


@dataclass(frozen=True)
class MakeWords:
    """The words in random order, at most `limit`; a plain function of record and generator would do, too."""

    limit: int

    def __call__(self, record: Note, rng: np.random.Generator) -> Words | Dropped:
        words = record.text.split()
        if not words:
            return Dropped("has no words")
        chosen = [words[number] for number in rng.permutation(len(words))]
        return Words(tuple(chosen[: self.limit]), ("words",) if len(words) > self.limit else ())


def collate_words(samples: Sequence[Words | Dropped]) -> dict[str, np.ndarray]:
    rows = [() if isinstance(sample, Dropped) else sample.words for sample in samples]
    return {
        "lengths": np.asarray([[len(word) for word in (*row, *[""] * (4 - len(row)))] for row in rows], np.int32),
        "valid": np.asarray([bool(row) for row in rows]),
    }


@dataclass(frozen=True)
class Signal:
    """A measured signal; samples are noisy copies of its (expensive) spectrum."""

    id: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Spectrum:
    values: np.ndarray
    cuts: tuple[str, ...] = ()


@dataclass
class MakeSpectrum:
    """A `CachedMakeSample`; `prepared` lists the records whose spectrum was computed."""

    prepared: list[str] = field(default_factory=list)

    def __call__(self, record: Signal, rng: np.random.Generator) -> Spectrum | Dropped:
        return self.finish(self.prepare(record), rng)

    def prepare(self, record: Signal) -> np.ndarray:
        self.prepared.append(record.id)
        if not np.all(np.isfinite(record.values)):
            raise UserError(f"signal {record.id} is not finite")
        return np.abs(np.fft.rfft(record.values))

    def finish(self, prepared: np.ndarray, rng: np.random.Generator) -> Spectrum | Dropped:
        return Spectrum(prepared + rng.normal(size=prepared.shape))


def collate_spectra(samples: Sequence[Spectrum | Dropped]) -> dict[str, np.ndarray]:
    empty = np.zeros(3)
    return {"x": np.stack([empty if isinstance(sample, Dropped) else sample.values for sample in samples])}


class ListMixture:
    """Records in a list, as one corpus; `damaged` ones cannot be read. Counts how often each is read."""

    def __init__(self, records: Sequence, damaged: Sequence[int] = ()):
        self._records, self._damaged = records, damaged
        self.reads = [0] * len(records)

    @property
    def visits(self) -> int:
        return len(self._records)

    @property
    def part_visits(self) -> list[int]:
        return [len(self._records)]

    def record_of_visit(self, visit: int, *, epoch: int = 0, seed: int | None = None) -> int:
        return visit

    def corpus_of(self, number: int) -> str:
        return "list"

    def read(self, number: int):
        self.reads[number] += 1
        if number in self._damaged:
            raise UserError(f"record {number} fails its checksum")
        return self._records[number]
