"""Retries failed saves while training continues.

Storage may return errors for a while, or a disk be full until someone frees space. Neither is a reason to stop a run
that has a good checkpoint, so a failed save is reported and retried with exponential backoff. Two saves must succeed:
the first, because the work folder may be unusable, and the last, because nothing follows it.

With several processes, a failed save ends the run: the processes in which it failed report why and exit, and the others
name them and exit (resilience/liveness.py), because Orbax leaves them waiting in the middle of that save.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import jax

from timesuite_jax.checkpoints.manager import Checkpoints
from timesuite_jax.checkpoints.train_state import TrainState
from timesuite_jax.errors import UserError

_log = logging.getLogger(__name__)
FIRST_BACKOFF_S, MAX_BACKOFF_S = 10.0, 600.0  # seconds before the next try; each is twice the one before


class RetryingSaver:
    """Saves the states of a run, and retries after failures.

    Args:
      checkpoints: of the run.
      config: saved with each state.
      clock: returns seconds.

    Attributes:
      saved: the last step that was passed to `save` and has not failed so far; it may not be on disk yet.
    """

    def __init__(
        self, checkpoints: Checkpoints, config: Mapping[str, Any], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._checkpoints, self._config, self._clock = checkpoints, config, clock
        self.saved = checkpoints.newest()
        self._writing = False
        self._backoff, self._retry_at = FIRST_BACKOFF_S, math.inf

    def overdue(self) -> bool:
        """Returns whether the last save failed and it is time to retry. Cheap enough to call every step.

        Returns True once per failure: several processes need some steps to agree on the retry, during which this one
        must not request another.

        Raises:
          UserError: the first save failed.
        """
        if self._writing and self._checkpoints.settled():
            self._settle()
        due = self._clock() >= self._retry_at
        if due:
            self._retry_at = math.inf
        return due

    def save(self, step: int, state: TrainState, position: Mapping[str, Any]) -> None:
        """Copies a state and writes it in the background.

        Args:
          step: finished steps.
          state: after them.
          position: of the data, for the step after.

        Raises:
          UserError: this or the previous save failed, and there is no older checkpoint or there are other processes.
        """
        self._settle()
        with self._tolerating_failure():
            self._start(step, state, position)

    def finish(self, step: int, state: TrainState, position: Mapping[str, Any]) -> None:
        """Saves the last state of the run and blocks until it is on disk.

        Raises:
          UserError: it cannot be saved.
        """
        self._settle()
        if self.saved != step:
            self._start(step, state, position)
        self._checkpoints.wait()

    def _start(self, step: int, state: TrainState, position: Mapping[str, Any]) -> None:
        self._checkpoints.save(step, state, position, self._config)
        self.saved, self._retry_at, self._writing = step, math.inf, True

    def _settle(self) -> None:
        """Waits for the last save, if one is being written, and handles its failure."""
        if self._writing:
            with self._tolerating_failure():
                self._checkpoints.wait()
                self._writing, self._backoff = False, FIRST_BACKOFF_S

    @contextmanager
    def _tolerating_failure(self) -> Iterator[None]:
        """Logs a failure and schedules a retry, if there is a good checkpoint and no other process."""
        try:
            yield
        except Exception as error:  # storage libraries raise anything: the errors of buckets have no common class
            if isinstance(error, jax.errors.JaxRuntimeError):
                raise
            if jax.process_count() > 1:
                raise UserError(f"saving failed: {error}") from error
            newest = self._checkpoints.newest()
            if newest is None:
                raise
            self.saved, self._writing, self._retry_at = None, False, self._clock() + self._backoff
            _log.warning(
                "saving failed: %s. Training continues; checkpoint %d is safe; retrying in %.0f s",
                error,
                newest,
                self._backoff,
            )
            self._backoff = min(2 * self._backoff, MAX_BACKOFF_S)
