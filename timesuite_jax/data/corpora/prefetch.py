"""Reads a Grain dataset ahead, in threads or worker processes, from any position, and restarts failed workers."""

import contextlib
import logging
import signal
from typing import Generic, TypeVar

import grain
from absl import flags

_log = logging.getLogger(__name__)

# A worker that is killed (out of memory, most often) is restarted at the same element, at most so often for one read:
# one that always dies is an error.
_MAX_RESTARTS = 3

Element = TypeVar("Element")


class Prefetcher(Generic[Element]):
    """Random access by ranges to a dataset; sequential ranges are read ahead.

    Args:
      elements: the dataset.
      threads: that compute elements in parallel (0: none, in the caller's thread).
      workers: processes that compute elements, instead of threads of this one.
      read_ahead: elements computed in advance; bounds the memory.
    """

    def __init__(self, elements: grain.MapDataset[Element], *, threads: int, workers: int, read_ahead: int):
        self._elements = elements
        self._threads, self._workers, self._read_ahead = threads, workers, read_ahead
        self._iterator: grain.DatasetIterator[Element] | None = None
        self._position: int | None = None  # of the iterator; None if a read of it was interrupted or failed

    def read(self, first: int, count: int) -> list[Element]:
        """Elements [first, first + count)."""
        restarts = 0
        elements: list[Element] = []
        while len(elements) < count:
            position = first + len(elements)
            if self._iterator is None or self._position != position:
                self.close()
                self._iterator = self._start(position)
            self._position = None
            try:
                elements.append(next(self._iterator))
            except Exception as error:
                restarts += 1
                if not self._workers or restarts > _MAX_RESTARTS:
                    raise
                _log.warning("a data worker failed (%s); restarting the workers at the same sample", error)
                self.close()
            else:
                self._position = position + 1
        return elements

    def close(self) -> None:
        """Ends threads and worker processes; `read` starts them again."""
        if self._iterator is not None:
            with contextlib.suppress(Exception):  # a dead worker cannot be closed properly
                self._iterator.close()
            self._iterator = None

    def _start(self, first: int) -> grain.DatasetIterator[Element]:
        rest = self._elements.slice(slice(first, None))
        if not self._workers:
            ahead = self._read_ahead if self._threads else 0
            return iter(rest.to_iter_dataset(grain.ReadOptions(self._threads, ahead)))
        if not flags.FLAGS.is_parsed():
            flags.FLAGS(["timesuite"])  # Grain's workers read absl flags, which only an absl program has parsed
        workers = grain.MultiprocessingOptions(
            self._workers, per_worker_buffer_size=max(1, self._read_ahead // self._workers)
        )
        return iter(rest.to_iter_dataset(grain.ReadOptions(1, 1)).mp_prefetch(workers, _ignore_sigint))


def _ignore_sigint(worker: int, workers: int) -> None:
    """Initialises a worker: a terminal sends SIGINT to it too, while the parent process is still saving."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
