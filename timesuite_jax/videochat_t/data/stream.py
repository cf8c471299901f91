"""The training stream: corpora -> global shuffle -> this process's share -> samples -> batches, with an exact position.

Grain reads and prepares samples ahead, in threads or worker processes; batching happens here, after it, so that neither
the number of workers nor of processes changes what comes out. The whole state is one number and the seed.
"""

import contextlib
import functools
import logging
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import grain
import numpy as np
from absl import flags

from timesuite_jax.data.corpora.mixture import CorpusShare, IndexSampler, Mixture
from timesuite_jax.data.corpora.record import example_class
from timesuite_jax.data.corpora.sample_stats import SampleStats
from timesuite_jax.errors import UserError
from timesuite_jax.text import Tokenizer
from timesuite_jax.videochat_t.data.batch import Batch, Sample, collate
from timesuite_jax.videochat_t.data.budget import DoesNotFit
from timesuite_jax.videochat_t.data.processor import Processor, SampleSpec

_log = logging.getLogger(__name__)

# A worker that is killed (out of memory, most often) is started again at the same place; one that always dies is not.
_RESTARTS_IN_A_ROW = 3

# If a whole epoch, or so many samples, cannot be used from the first on, then it is not the samples.
_TOO_MANY_DROPS = 256


@dataclass(frozen=True)
class PipelineSpec:
    """What is read, and how hard.

    Attributes:
      corpora: the mixture.
      sample: how records become samples.
      batch_size: of all processes together.
      shuffle: visit records in a random order, anew each epoch.
      cache_decoded: keep prepared samples in memory; for small corpora with deterministic sampling.
      threads: that decode side by side (0: none, in the caller's thread).
      workers: processes that decode, instead of threads of this one; each takes seconds to start.
      read_ahead: samples prepared in advance; bounds the memory.
    """

    corpora: tuple[CorpusShare, ...]
    sample: SampleSpec
    batch_size: int
    shuffle: bool = True
    cache_decoded: bool = False
    threads: int = 4
    workers: int = 0
    read_ahead: int = 64


class TrainStream:
    """Endless batches of this process's share of the mixture. `next` raises a `UserError` if none of its first samples,
    a whole epoch or a few hundred, can be used.

    Args:
      spec: what to read.
      tokenizer: of the language model.
      clip_tokenizer: of the Q-Former.
      seed: of the order, of random sampling and of random crops.
      process_index: this process.
      process_count: processes of the run.

    Raises:
      UserError: a corpus cannot be read, the batch does not divide, or caching is asked for with random frames.
    """

    def __init__(
        self,
        spec: PipelineSpec,
        tokenizer: Tokenizer,
        clip_tokenizer: Tokenizer,
        *,
        seed: int,
        process_index: int = 0,
        process_count: int = 1,
    ):
        if spec.batch_size % process_count:
            raise UserError(f"batch_size {spec.batch_size} is not a multiple of the {process_count} processes")
        self._mixture = Mixture(spec.corpora)
        example_class()  # imported here, not by the first reader, while another thread may be saving parameters
        self._preparer = Processor(spec.sample, tokenizer, clip_tokenizer)
        if spec.cache_decoded and not (self._preparer.visual_deterministic and spec.workers == 0):
            raise UserError(
                "cache_decoded needs sampling and transform that always give the same frames "
                f"(here {spec.sample.sampling!r} and {spec.sample.transform!r}) and workers=0; turn it off"
            )
        self._spec = spec
        self._seed = seed
        self._local_batch = spec.batch_size // process_count
        self._share = max(1, self._mixture.visits // process_count)  # of an epoch, in this process
        self._fixed_length = process_count > 1
        visits = IndexSampler(
            self._mixture,
            seed=seed,
            shuffle=spec.shuffle,
            global_batch=spec.batch_size,
            process_index=process_index,
            process_count=process_count,
        )
        load = _Load(self._mixture, self._preparer, seed, cache={} if spec.cache_decoded else None)
        self._samples = grain.MapDataset.source(cast(Sequence[tuple[int, int]], visits)).map(load)
        self._tally = SampleStats()
        self._step = 0
        self._iterator: grain.DatasetIterator | None = None

    def __iter__(self) -> "TrainStream":
        return self

    def __next__(self) -> Batch:
        samples = self._take(self._local_batch)
        for sample in samples:
            corpus = self._mixture.corpus_of(sample.record)
            if sample.visual is None or sample.words is None:
                self._tally.dropped(corpus, sample.name, sample.reason)
            else:
                cut = ("clip_text",) if sample.visual.clip_text_cut else ()
                self._tally.used(corpus, (*(cut.what for cut in sample.words.cuts), *cut))
        self._tally.refuse_nothing(min(_TOO_MANY_DROPS, self._share))
        self._step += 1
        return collate(samples, self._spec.sample, self._preparer.special, fixed_length=self._fixed_length)

    @property
    def epoch_size(self) -> int:
        """Samples of an epoch, of all processes."""
        return self._mixture.visits

    def get_state(self) -> dict[str, Any]:
        """The same in all processes, and independent of their number and of workers."""
        position = self._step * self._spec.batch_size
        return {
            "global_next_index": position,
            "epoch": position // self._mixture.visits,
            "seed": self._seed,
            "samples_per_epoch": self._mixture.visits,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes to a place given by `get_state`.

        Raises:
          UserError: the state belongs to other data, another seed or another batch size.
        """
        for key, own in (("seed", self._seed), ("samples_per_epoch", self._mixture.visits)):
            if state[key] != own:
                raise UserError(
                    f"the saved data position has {key} {state[key]}, this run has {own}; resume with the same data "
                    "and seed, or start a new run"
                )
        step, rest = divmod(int(state["global_next_index"]), self._spec.batch_size)
        if rest:
            raise UserError(
                f"the saved data position {state['global_next_index']} is no multiple of batch_size "
                f"{self._spec.batch_size}; resume with the batch size of the run"
            )
        self._stop()
        self._step = step

    def sample_names(self, batch: Mapping[str, np.ndarray]) -> list[str]:
        """Names of a batch's samples, for messages."""
        return [_name(self._mixture, int(number)) for number in np.asarray(batch["sample"])]

    def report(self) -> dict[str, dict[str, Any]]:
        """What was used, dropped and cut so far in this process, per corpus (see `Tally.report`)."""
        return self._tally.report()

    def close(self) -> None:
        """Ends threads and worker processes; the stream can still be set to a state and go on."""
        self._stop()

    def _take(self, count: int) -> list[Sample]:
        failures = 0
        samples: list[Sample] = []
        while len(samples) < count:
            if self._iterator is None:
                self._iterator = self._start(self._step * self._local_batch + len(samples))
            try:
                samples.append(next(self._iterator))
            except Exception as error:
                failures += 1
                if not self._spec.workers or failures > _RESTARTS_IN_A_ROW:
                    raise
                _log.warning("a data worker failed (%s); starting the workers again at the same sample", error)
                self._stop()
        return samples

    def _start(self, first: int) -> grain.DatasetIterator:
        rest = self._samples.slice(slice(first, None))
        if not self._spec.workers:
            ahead = self._spec.read_ahead if self._spec.threads else 0
            return iter(rest.to_iter_dataset(grain.ReadOptions(self._spec.threads, ahead)))
        if not flags.FLAGS.is_parsed():
            flags.FLAGS(["timesuite"])  # Grain's workers read absl flags, which only an absl program has parsed
        each = max(1, self._spec.read_ahead // self._spec.workers)
        workers = grain.MultiprocessingOptions(self._spec.workers, per_worker_buffer_size=each)
        return iter(rest.to_iter_dataset(grain.ReadOptions(1, 1)).mp_prefetch(workers, _ignore_ctrl_c))

    def _stop(self) -> None:
        if self._iterator is not None:
            with contextlib.suppress(Exception):  # a dead worker cannot be closed properly
                self._iterator.close()
            self._iterator = None


def _ignore_ctrl_c(worker: int, workers: int) -> None:
    """What a worker does first: a terminal sends SIGINT to it too, and the process it works for goes on a while."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class _Load:
    """(position, record number) -> Sample; whatever is wrong with one sample stays in that sample."""

    def __init__(self, mixture: Mixture, preparer: Processor, seed: int, cache: dict | None):
        self._mixture, self._preparer, self._seed = mixture, preparer, seed
        self._cache = cache

    def __call__(self, visit: tuple[int, int]) -> Sample:
        position, number = visit
        # A stream of its own for each visit: the same on any host, in any worker, after any restart.
        rng = np.random.default_rng((self._seed, position))
        try:
            name, turns, visual = self._remember(("visual", number), functools.partial(self._see, number, rng))
            choice, turns = self._preparer.turns_of(turns, rng)
            speak = functools.partial(self._preparer.words, turns, visual.seconds)
            words = self._remember(("words", number, choice), speak) if choice >= 0 else speak()
        except UserError as error:
            return Sample(number, _name(self._mixture, number), None, None, str(error))
        if isinstance(words, DoesNotFit):
            return Sample(number, name, None, None, words.reason)
        return Sample(number, name, visual, words)

    def _see(self, number: int, rng: np.random.Generator):
        record = self._mixture.read(number)
        return record.id, record.turns, self._preparer.visual(record, rng)

    def _remember(self, key: tuple, make):
        if self._cache is None:
            return make()
        if key not in self._cache:
            self._cache[key] = make()
        return self._cache[key]


def _name(mixture: Mixture, number: int) -> str:
    try:
        return mixture.read(number).id
    except UserError:
        return f"{mixture.corpus_of(number)}, unreadable record {number}"
