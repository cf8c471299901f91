"""Saves the states of a run, and keeps the checkpoints of its best evaluations."""

from collections.abc import Mapping
from typing import Any

from timesuite_jax.checkpoints.best import BestCheckpoint, BestEvaluation
from timesuite_jax.checkpoints.manager import Checkpoints
from timesuite_jax.checkpoints.retry import RetryingSaver
from timesuite_jax.checkpoints.train_state import TrainState
from timesuite_jax.training.config import TrainingSpec


class RunSaver:
    """Checkpoints of a run, retried where saving fails, and the best of them.

    Args:
      checkpoints: of the run.
      spec: of the run.
      config: saved with each state.
      first_step: finished steps; evaluations of later ones, which an earlier process made, are forgotten.

    Raises:
      UserError: if best.json cannot be read or written.
    """

    def __init__(
        self, checkpoints: Checkpoints, spec: TrainingSpec, config: Mapping[str, Any], first_step: int
    ) -> None:
        self._checkpoints = checkpoints
        self._best = BestCheckpoint(spec.best, spec.patience * spec.eval_every, checkpoints.workdir, first_step)
        self._saver = RetryingSaver(checkpoints, config)
        checkpoints.keep_best(self._best.rankings)

    @property
    def best(self) -> BestEvaluation | None:
        """The best evaluation so far, if the run selects by one."""
        return self._best.best

    def is_saved(self, step: int) -> bool:
        """Whether this step is the one that was saved last."""
        return self._saver.saved == step

    def retry_is_due(self) -> bool:
        """Whether the last save failed and it is time to try again.

        Raises:
          UserError: if the run's first save failed.
        """
        return self._saver.overdue()

    def save(self, step: int, state: TrainState, position: Mapping[str, Any]) -> None:
        """Copies a state to the host; writes it in the background.

        Raises:
          UserError: if saving fails and there is no older checkpoint, or there are other processes.
        """
        self._saver.save(step, state, position)

    def finish(self, step: int, state: TrainState, position: Mapping[str, Any]) -> None:
        """Returns when the last state of the run is on disk.

        Raises:
          UserError: if it cannot be saved.
        """
        self._saver.finish(step, state, position)

    def update_best(self, step: int, metrics: Mapping[str, float]) -> bool:
        """Whether an evaluation is better than all before; if so, its checkpoint is kept from now on."""
        better = self._best.update(step, metrics)
        if better:
            self._checkpoints.keep_best(self._best.rankings)
        return better

    def write_best(self) -> None:
        """Writes best.json unless it is up to date.

        Raises:
          UserError: if it cannot be written.
        """
        self._best.write()

    def evaluation_is_missing(self, step: int) -> bool:
        """Whether a run that resumes at this step must evaluate it, because that may have failed or been killed."""
        return self._best.is_due(step)

    def should_stop(self, step: int) -> bool:
        """Whether `training.patience` evaluations in a row have brought nothing better."""
        return self._best.should_stop(step)
