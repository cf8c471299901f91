"""Steps that were sent to the devices and whose reports have not come back yet.

The loop never waits for the step it has just dispatched: it waits for the one `MAX_LAG` steps before, so the devices
always have work, a bad number is found two steps late, and at most `MAX_LAG + 1` batches are alive, so that the error
can name the samples. The same step is examined at the same moment in every process, so all stop together.
"""

from collections import defaultdict, deque
from typing import Any

import jax

from timesuite_jax.errors import UserError
from timesuite_jax.training.step import Report
from timesuite_jax.training.task import Batch, DataStream

MAX_LAG = 2


class NonFiniteError(UserError):
    """The loss or the gradient of a step is NaN or infinite."""


class PendingSteps:
    """Queue of reports.

    Args:
      data: names the samples of a bad batch.
    """

    def __init__(self, data: DataStream) -> None:
        self._data = data
        self._queue: deque[tuple[int, Batch, Any]] = deque()
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._counts: defaultdict[str, float] = defaultdict(float)

    def idle(self) -> bool:
        """Whether the devices have nothing left to do."""
        return not self._queue or self._queue[-1][2][1].is_ready()

    def push(self, step: int, batch: Batch, report: Report) -> None:
        """Adds a step that was sent; waits for the one sent `MAX_LAG` steps ago.

        Raises:
          NonFiniteError: if that one is bad.
        """
        for leaf in jax.tree.leaves(report):
            leaf.copy_to_host_async()
        self._queue.append((step, batch, report))
        if len(self._queue) > MAX_LAG:
            self._examine()

    def drain(self) -> None:
        """Waits for all steps.

        Raises:
          NonFiniteError: if one of them is bad.
        """
        while self._queue:
            self._examine()

    def read(self) -> dict[str, float]:
        """Means of all figures since the last reading, up to the last step sent.

        Raises:
          NonFiniteError: as `drain`.
        """
        self.drain()
        names = sorted(self._sums, key=lambda name: (name != "loss", name))
        means = {name: self._sums[name] / self._counts[name] for name in names if self._counts[name]}
        self._sums.clear()
        self._counts.clear()
        return means

    def _examine(self) -> None:
        """Takes the oldest report; waits for it if need be."""
        step, batch, report = self._queue.popleft()
        figures, finite = jax.device_get(report)
        if not finite:
            loss, weight = map(float, figures["loss"])
            value = f"{loss / weight:.4g}" if weight else "undefined (no sample has a target)"
            raise NonFiniteError(
                f"step {step}: the loss is {value}, the norm of its gradient {float(figures['grad_norm'][0]):.4g}; "
                f"samples of the batch: {', '.join(self._data.sample_names(batch))}. Nothing of this step or later was "
                "saved. Look at these samples; if they are sound, lower training.optimizer.learning_rate or set "
                "training.optimizer.clip_norm, and start again: the run goes on from its last checkpoint"
            )
        for name, (total, count) in figures.items():
            self._sums[name] += float(total)
            self._counts[name] += float(count)
