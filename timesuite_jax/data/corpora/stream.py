"""The training stream: mixture -> global shuffle -> this process's share -> samples -> batches, with exact position.

Knows nothing of what records and samples contain: a model family brings `make_sample` and `collate`. Samples are made
ahead, in threads or worker processes; batches are collated here, after it, so that neither the number of workers nor of
processes changes a batch. The whole state is one integer and the seed.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, cast

import grain
import numpy as np
from jaxtyping import Shaped

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.data.corpora.index_sampler import IndexSampler
from timesuite_jax.data.corpora.prefetch import Prefetcher
from timesuite_jax.data.corpora.sample import Batch, Collate, Dropped, MakeSample, RecordMixture, RecordT, SampleT
from timesuite_jax.data.corpora.sample_loader import LoadedSample, SampleLoader
from timesuite_jax.data.corpora.sample_stats import SampleStats
from timesuite_jax.errors import UserError

# If none of the first so many samples (or of a whole epoch) can be used, the config is wrong, not the samples.
_MAX_DROPS_AT_START = 256

# Batches whose samples can be named; more than the training loop has in flight.
NAMED_BATCHES = 8


@dataclass(frozen=True, kw_only=True)
class StreamSpec:
    """How a mixture is read; the fields of `config.data` that every record stream has.

    Attributes:
      batch_size: samples of a batch, of all processes together.
      shuffle: visit the records in random order, a new one each epoch.
      cache_decoded: keep decoded records in memory; for small corpora with deterministic sampling.
      threads: that make samples in parallel (0: none, in the caller's thread).
      workers: processes that make samples, instead of threads of this one; each takes seconds to start.
      read_ahead: samples made in advance; bounds the memory.
    """

    batch_size: int = bounded(minimum=1)
    shuffle: bool = True
    cache_decoded: bool = False
    threads: int = bounded(16, minimum=0)
    workers: int = bounded(0, minimum=0)
    read_ahead: int = bounded(64, minimum=1)

    def __post_init__(self) -> None:
        """Rejects a cache that each worker process would fill.

        Raises:
          UserError: naming the fields.
        """
        check_bounds(self)
        if self.cache_decoded and self.workers:
            raise UserError(
                f"data.cache_decoded=True needs data.workers=0, not {self.workers}: each worker would fill a cache of "
                "its own; change one of them"
            )


class RecordStream(Generic[RecordT, SampleT]):
    """Endless batches of this process's share of a mixture.

    Every batch has, beside the arrays of `collate`, `sample`: int32 [B], the record numbers of its rows.

    Args:
      mixture: the records.
      make_sample: makes a sample of a record; with `spec.cache_decoded` a `CachedMakeSample`.
      collate: stacks samples into a batch.
      spec: how the mixture is read.
      seed: of the order and of the generators that `make_sample` gets.
      process_index: this process.
      process_count: processes of the run.

    Raises:
      UserError: the batch is not divisible by the processes.
    """

    def __init__(
        self,
        mixture: RecordMixture[RecordT],
        make_sample: MakeSample[RecordT, SampleT],
        collate: Collate[SampleT],
        spec: StreamSpec,
        *,
        seed: int,
        process_index: int = 0,
        process_count: int = 1,
    ):
        if spec.batch_size % process_count:
            raise UserError(
                f"data.batch_size={spec.batch_size} is not a multiple of the {process_count} processes; change it"
            )
        self._mixture, self._collate, self._seed, self._spec = mixture, collate, seed, spec
        self._process = process_index, process_count
        self._global_batch, self._local_batch = spec.batch_size, spec.batch_size // process_count
        self._load = SampleLoader(mixture, make_sample, seed, cache=spec.cache_decoded)
        self._first, self._samples = 0, self._prefetcher(0)
        self._max_drops_at_start = min(_MAX_DROPS_AT_START, max(1, mixture.visits // process_count))
        self._stats = SampleStats()
        self._names: deque[dict[int, str]] = deque(maxlen=NAMED_BATCHES)
        self._step = 0

    def _prefetcher(self, first: int) -> Prefetcher[LoadedSample[SampleT]]:
        """This process's samples, from position `first` of the global order on."""
        indices = IndexSampler(
            self._mixture,
            seed=self._seed,
            shuffle=self._spec.shuffle,
            global_batch=self._global_batch,
            process_index=self._process[0],
            process_count=self._process[1],
            first=first,
        )
        samples = grain.MapDataset.source(cast(Sequence[tuple[int, int]], indices)).map(self._load)
        spec = self._spec
        return Prefetcher(samples, threads=spec.threads, workers=spec.workers, read_ahead=spec.read_ahead)

    def __iter__(self) -> "RecordStream[RecordT, SampleT]":
        return self

    def __next__(self) -> Batch:
        """The next batch.

        Raises:
          UserError: none of the first samples, an epoch or a few hundred, can be used.
        """
        loaded = self._samples.read(self._step * self._local_batch, self._local_batch)
        for item in loaded:
            self._count(item)
        self._stats.check_any_used(self._max_drops_at_start)
        self._names.append({item.number: item.name for item in loaded})
        self._step += 1
        batch = self._collate([item.sample for item in loaded])
        rows = len(next(iter(batch.values()))) // len(loaded)
        return {**batch, "sample": np.repeat([item.number for item in loaded], rows).astype(np.int32)}

    @property
    def epoch_size(self) -> int:
        """Samples of an epoch, of all processes."""
        return self._mixture.visits

    def get_state(self) -> dict[str, Any]:
        """The position, as JSON: the same in all processes, and independent of their number and of workers."""
        position = self._first + self._step * self._global_batch
        return {
            "global_next_index": position,
            "epoch": position // self._mixture.visits,
            "seed": self._seed,
            "samples_per_epoch": self._mixture.visits,
            "samples_per_part": list(self._mixture.part_visits),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Seeks to a position that `get_state` returned, of a stream with any batch size.

        Raises:
          UserError: the position is one of other data or another seed.
        """
        own_state = self.get_state()
        for key in ("seed", "samples_per_epoch", "samples_per_part"):
            own = own_state[key]
            if state.get(key, own) != own:  # runs before weights of corpora have no parts
                raise UserError(
                    f"the saved data position has {key} {state[key]}, this run has {own}; resume with the same data "
                    "and seed, or start a new run"
                )
        self._samples.close()
        self._step, first = divmod(int(state["global_next_index"]), self._global_batch)
        if first != self._first:
            self._first, self._samples = first, self._prefetcher(first)

    def sample_names(self, batch: Mapping[str, Shaped[np.ndarray, "B ..."]]) -> list[str]:
        """Names of the samples of one of the last `NAMED_BATCHES` batches, for messages; reads no record.

        Samples of an earlier batch get their corpus and record number.
        """
        known = {number: name for names in self._names for number, name in names.items()}
        numbers = [int(number) for number in np.asarray(batch["sample"])]
        return [known.get(number, f"{self._mixture.corpus_of(number)}, record {number}") for number in numbers]

    def report(self) -> dict[str, dict[str, Any]]:
        """Samples used, dropped and cut in this process since it started, by corpus (see `SampleStats.report`)."""
        return self._stats.report()

    def close(self) -> None:
        """Ends threads and worker processes; the stream can still be used, which starts them again."""
        self._samples.close()

    def _count(self, item: LoadedSample[SampleT]) -> None:
        corpus = self._mixture.corpus_of(item.number)
        if isinstance(item.sample, Dropped):
            self._stats.dropped(corpus, item.name, item.sample.reason)
        else:
            self._stats.used(corpus, item.sample.cuts)
