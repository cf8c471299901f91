"""Metrics of dispatched steps, read without stalling the devices.

The loop never waits for the step that it has just dispatched: it waits for the one `MAX_LAG` steps before. So the
devices always have work, a non-finite loss is found two steps late, and at most `MAX_LAG + 1` batches are alive, so
that the error can name the samples. All processes read the report of a step at the same point, so all stop together.
"""

from collections import defaultdict, deque
from typing import Any

import jax

from timesuite_jax.errors import UserError
from timesuite_jax.training.step import StepReport
from timesuite_jax.training.task import Batch, DataStream

MAX_LAG = 2


class NonFiniteError(UserError):
    """The loss or the gradient of a step is NaN or infinite."""


class PendingSteps:
    """Queue of the reports of dispatched steps; sums the metrics of those that have finished.

    Args:
      stream: names the samples of a bad batch.
    """

    def __init__(self, stream: DataStream) -> None:
        self._stream = stream
        self._queue: deque[tuple[int, Batch, Any]] = deque()
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._weights: defaultdict[str, float] = defaultdict(float)

    def idle(self) -> bool:
        """Whether the devices have finished all dispatched steps."""
        return not self._queue or self._queue[-1][2][1].is_ready()

    def push(self, step: int, batch: Batch, report: StepReport) -> None:
        """Adds a dispatched step; waits for the one dispatched `MAX_LAG` steps before.

        Raises:
          NonFiniteError: if the loss or the gradient of that one is not finite.
        """
        for leaf in jax.tree.leaves(report):
            leaf.copy_to_host_async()
        self._queue.append((step, batch, report))
        if len(self._queue) > MAX_LAG:
            self._pop()

    def drain(self) -> None:
        """Waits for all steps.

        Raises:
          NonFiniteError: as `push`, for any of them.
        """
        while self._queue:
            self._pop()

    def read(self) -> dict[str, float]:
        """Weighted means of all metrics since the last reading, up to the last dispatched step.

        Raises:
          NonFiniteError: as `drain`.
        """
        self.drain()
        names = sorted(self._sums, key=lambda name: (name != "loss", name))
        means = {name: self._sums[name] / self._weights[name] for name in names if self._weights[name]}
        self._sums.clear()
        self._weights.clear()
        return means

    def _pop(self) -> None:
        """Waits for the oldest report and adds its metrics."""
        step, batch, report = self._queue.popleft()
        metrics, finite = jax.device_get(report)
        if not finite:
            loss, weight = map(float, metrics["loss"])
            value = f"{loss / weight:.4g}" if weight else "undefined (no sample has a target)"
            raise NonFiniteError(
                f"step {step}: the loss is {value}, the gradient norm {float(metrics['grad_norm'][0]):.4g}; "
                f"samples of the batch: {', '.join(self._stream.sample_names(batch))}. Neither this step nor a later "
                "one was saved. Check these samples; if they are correct, lower training.optimizer.learning_rate or "
                "set training.optimizer.clip_norm, and start again: the run resumes from its last checkpoint"
            )
        for name, (total, weight) in metrics.items():
            self._sums[name] += float(total)
            self._weights[name] += float(weight)
