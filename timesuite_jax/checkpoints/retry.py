"""Saving goes on though a save fails.

Storage may answer badly for a while, or a disk be full until somebody makes room. Neither is a reason to give up a run
that has a good checkpoint and goes on learning, so a failed save is told and tried again, later each time. Two saves
must succeed: the first, because the folder may be of no use at all, and the last, because nothing comes after it.

In a run of many processes every one must: where it fails in some of them, the others are left in the middle of theirs.
Those in which it failed tell why and end, and the others name them and end (see roll_call.py).
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
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 600.0  # seconds before the next try; each pause is twice the one before


class RetryingSaver:
    """Saves the states of a run.

    Args:
      checkpoints: of the run.
      config: saved with each state.
      clock: seconds.

    Attributes:
      saved: the last step that was handed over (it may still be on its way to the disk), as far as no failure is known.
    """

    def __init__(
        self, checkpoints: Checkpoints, config: Mapping[str, Any], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._checkpoints, self._config, self._clock = checkpoints, config, clock
        self.saved = checkpoints.newest()
        self._writing = False
        self._pause, self._retry_at = FIRST_PAUSE, math.inf

    def overdue(self) -> bool:
        """Whether the last save failed and the time has come to try again. Costs next to nothing: ask every step.

        Said once: many processes take some steps to agree on it, in which this one must not ask for further saves.

        Raises:
          UserError: it was the first.
        """
        if self._writing and self._checkpoints.settled():
            self._settle()
        due = self._clock() >= self._retry_at
        if due:
            self._retry_at = math.inf
        return due

    def save(self, step: int, state: TrainState, position: Mapping[str, Any]) -> None:
        """Hands a state over; it is written in the background.

        Args:
          step: finished steps.
          state: after them.
          position: of the data, for the step after.

        Raises:
          UserError: this or the save before failed, and there is no older checkpoint, or there are other processes.
        """
        self._settle()
        with self._outlived():
            self._hand_over(step, state, position)

    def finish(self, step: int, state: TrainState, position: Mapping[str, Any]) -> None:
        """Returns when the last state of the run is on the disk.

        Raises:
          UserError: it cannot be saved.
        """
        self._settle()
        if self.saved != step:
            self._hand_over(step, state, position)
        self._checkpoints.wait()

    def _hand_over(self, step: int, state: TrainState, position: Mapping[str, Any]) -> None:
        self._checkpoints.save(step, state, position, self._config)
        self.saved, self._retry_at, self._writing = step, math.inf, True

    def _settle(self) -> None:
        """Learns how the last save has ended; waits for it if need be."""
        if self._writing:
            with self._outlived():
                self._checkpoints.wait()
                self._writing, self._pause = False, FIRST_PAUSE

    @contextmanager
    def _outlived(self) -> Iterator[None]:
        """If what is done within fails and there is a good checkpoint, says so and plans another try."""
        try:
            yield
        except Exception as error:  # whatever a storage library raises: a bucket's are of no common class
            if isinstance(error, jax.errors.JaxRuntimeError):
                raise
            if jax.process_count() > 1:
                raise UserError(f"saving failed: {error}") from error
            safe = self._checkpoints.newest()
            if safe is None:
                raise
            self.saved, self._writing, self._retry_at = None, False, self._clock() + self._pause
            _log.warning(
                "saving failed: %s. Training goes on, checkpoint %d is safe; saving is tried again in %.0f s",
                error,
                safe,
                self._pause,
            )
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
