"""Loads the sample of one visit: reads the record, seeds the generator, contains errors, caches."""

from dataclasses import dataclass
from typing import Any, Generic, cast

import numpy as np

from timesuite_jax.data.corpora.sample import CachedMakeSample, Dropped, MakeSample, RecordMixture, RecordT, SampleT
from timesuite_jax.errors import UserError


@dataclass(frozen=True)
class LoadedSample(Generic[SampleT]):
    """A sample with the number and the name of its record."""

    number: int
    name: str
    sample: SampleT | Dropped


class SampleLoader(Generic[RecordT, SampleT]):
    """(position, record number) -> `LoadedSample`. An unusable record is a dropped sample, never an exception.

    Args:
      mixture: the records.
      make_sample: makes samples of them; a `CachedMakeSample` if `cache`.
      seed: of the generators.
      cache: keep the prepared part of every record in memory.
    """

    def __init__(
        self, mixture: RecordMixture[RecordT], make_sample: MakeSample[RecordT, SampleT], seed: int, *, cache: bool
    ):
        self._mixture, self._make_sample, self._seed = mixture, make_sample, seed
        self._prepared: dict[int, tuple[str, Any]] | None = {} if cache else None

    def __call__(self, visit: tuple[int, int]) -> LoadedSample[SampleT]:
        """The sample of one visit; safe to call from several threads."""
        position, number = visit
        rng = np.random.default_rng((self._seed, position))
        name = f"{self._mixture.corpus_of(number)}, unreadable record {number}"
        try:
            if self._prepared is None:
                record = self._mixture.read(number)
                name = record.id
                return LoadedSample(number, name, self._make_sample(record, rng))
            make_sample = cast(CachedMakeSample[RecordT, SampleT], self._make_sample)
            if number not in self._prepared:
                record = self._mixture.read(number)
                name = record.id
                self._prepared[number] = name, make_sample.prepare(record)
            name, prepared = self._prepared[number]
            return LoadedSample(number, name, make_sample.finish(prepared, rng))
        except UserError as error:
            return LoadedSample(number, name, Dropped(str(error)))
