"""Decides which checkpoints of a run are kept.

Orbax's own policies for the best checkpoints need the metrics when a step is saved, but a run saves before it
evaluates, so that a failed evaluation loses nothing.
"""

from collections.abc import Sequence
from typing import Any

from timesuite_jax.checkpoints.best import best_of


class RetentionPolicy:
    """Keeps the newest checkpoints and the best of each ranking (an Orbax `PreservationPolicy`).

    Attributes:
      rankings: lists of steps, the best last.
    """

    def __init__(self, newest: int) -> None:
        self._newest = newest
        self.rankings: Sequence[Sequence[int]] = ()

    def should_preserve(self, checkpoints: Sequence[Any], *, context: object) -> list[bool]:
        """Returns, for each checkpoint in order of steps, whether it is kept."""
        steps = [checkpoint.step for checkpoint in checkpoints]
        kept = {*steps[-self._newest :], *(best_of(ranking, steps) for ranking in self.rankings)}
        return [step in kept for step in steps]
