"""The contract between a record stream and the model family that trains on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from jaxtyping import Shaped

Batch = dict[str, Shaped[np.ndarray, "B ..."]]


@dataclass(frozen=True)
class Dropped:
    """A record that cannot be used as a sample, and why."""

    reason: str


class Named(Protocol):
    """A record, as far as a stream knows it."""

    @property
    def id(self) -> str:
        """Name of the record, for messages."""
        ...


class Cuttable(Protocol):
    """A sample, as far as a stream knows it."""

    @property
    def cuts(self) -> Sequence[str]:
        """Kinds of the cuts made so that the sample fits, for the report."""
        ...


RecordT = TypeVar("RecordT", bound=Named)
RecordInT = TypeVar("RecordInT", bound=Named, contravariant=True)
RecordOutT = TypeVar("RecordOutT", bound=Named, covariant=True)
SampleT = TypeVar("SampleT", bound=Cuttable)
SampleInT = TypeVar("SampleInT", bound=Cuttable, contravariant=True)
SampleOutT = TypeVar("SampleOutT", bound=Cuttable, covariant=True)


class RecordMixture(Protocol[RecordOutT]):
    """Numbered records of several corpora; `Mixture` is one."""

    @property
    def visits(self) -> int:
        """Samples of an epoch: records, each counted as often as it is repeated."""
        ...

    @property
    def part_visits(self) -> Sequence[int]:
        """Samples of an epoch of each part of the mixture; a run that resumes must have the same ones."""
        ...

    def record_of_visit(self, visit: int, *, epoch: int = 0, seed: int | None = None) -> int:
        """Record number of the `visit`-th sample of an unshuffled epoch.

        Args:
          visit: from 0 to `visits` - 1.
          epoch: number of the epoch.
          seed: of random choices among the records; None for none.
        """
        ...

    def corpus_of(self, number: int) -> str:
        """Name of the corpus of a record."""
        ...

    def read(self, number: int) -> RecordOutT:
        """Reads a record.

        Raises:
          UserError: the record is damaged.
        """
        ...


class MakeSample(Protocol[RecordInT, SampleOutT]):
    """Makes a sample of a record. Pickled into worker processes."""

    def __call__(self, record: RecordInT, rng: np.random.Generator) -> SampleOutT | Dropped:
        """The sample of one visit.

        Args:
          record: the record.
          rng: generator of this visit alone: the same on any host, in any worker, after any restart.

        Raises:
          UserError: the record cannot be used; the stream drops this sample and continues.
        """
        ...


class CachedMakeSample(MakeSample[RecordInT, SampleOutT], Protocol[RecordInT, SampleOutT]):
    """A `MakeSample` whose deterministic part can be cached: `finish(prepare(record), rng)` equals a call of it."""

    def prepare(self, record: RecordInT) -> Any:
        """The part that is the same at every visit, such as decoded frames.

        Raises:
          UserError: as `__call__`.
        """
        ...

    def finish(self, prepared: Any, rng: np.random.Generator) -> SampleOutT | Dropped:
        """The part that differs between visits.

        Raises:
          UserError: as `__call__`.
        """
        ...


class Collate(Protocol[SampleInT]):
    """Stacks samples into a batch."""

    def __call__(self, samples: Sequence[SampleInT | Dropped]) -> Batch:
        """One row for each sample, in order; an empty row, without weight in the loss, for a dropped one.

        Each sample may have the same number of rows instead, one after the other.
        """
        ...
