"""Reports a run to the terminal and to TensorBoard, with its throughput, goodput and profiles."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from typing import Self

import jax
from etils import epath

from timesuite_jax.monitoring.goodput import Goodput
from timesuite_jax.monitoring.meter import Meter
from timesuite_jax.monitoring.profile import Profile
from timesuite_jax.monitoring.terminal import Terminal
from timesuite_jax.monitoring.writers import MetricWriter, TensorBoardWriter


class Reporter:
    """A context manager; of a run's processes, the first one writes event files and profiles.

    Args:
      workdir: of the run.
      goodput: of the run; also measures the windows of the throughput.
      total_steps: of the run.
      first_step: finished steps.
      shards: number of process shards that a batch consists of.
      profile_at: finished steps after which a profile is captured; 0: on request only.
    """

    def __init__(
        self,
        workdir: epath.Path,
        goodput: Goodput,
        *,
        total_steps: int,
        first_step: int,
        shards: int,
        profile_at: int,
    ) -> None:
        primary = jax.process_index() == 0
        self.goodput = goodput
        self._stack = ExitStack()
        self._terminal = self._stack.enter_context(closing(Terminal(total_steps, first_step)))
        self._writers: list[MetricWriter] = [self._terminal]
        self._board: TensorBoardWriter | None = None
        if primary:
            self._board = self._stack.enter_context(closing(TensorBoardWriter(workdir, first_step)))
            self._writers.append(self._board)
        self._profile = self._stack.enter_context(closing(Profile(workdir, profile_at, capture=primary)))
        self._meter = Meter(goodput, shards)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def count_step(self, step: int, counts: Mapping[str, float], starved: float) -> None:
        """Adds a dispatched step to the throughput and to the progress bar.

        Args:
          step: number of the step, from 1.
          counts: the task's `throughput_counts` of this process's rows.
          starved: seconds in which the devices were idle because the batch was not there.
        """
        self._meter.step(counts, starved)
        self._terminal.advance(step)

    def restart_window(self) -> None:
        """Begins a new window of the throughput: what came before (the first compilation) is not part of it."""
        self._meter.restart()

    def write_window(self, step: int, metrics: Mapping[str, float]) -> dict[str, float]:
        """Writes training metrics and the throughput since the last window; returns both."""
        return self.write_metrics(step, {**metrics, **self._meter.read()})

    def write_metrics(self, step: int, metrics: dict[str, float]) -> dict[str, float]:
        """Writes metrics, and returns them."""
        for writer in self._writers:
            writer.write_scalars(step, metrics)
        return metrics

    def write_pictures(self, step: int, name: str, draw: Callable[[], Mapping[str, bytes]] | None) -> None:
        """Draws and writes the pictures of an evaluation, in the first process.

        Args:
          step: of the evaluation.
          name: of the evaluation.
          draw: returns PNG files by name; None if there are none.
        """
        if draw is not None and self._board is not None:
            self._board.write_images(step, {f"{name}/{picture}": png for picture, png in draw().items()})

    def print(self, step: int, name: str, text: str) -> None:
        """Prints an event of the run."""
        self._terminal.write_texts(step, {name: text})

    def profile_due(self, step: int, *, logged: bool) -> bool:
        """Whether to call `toggle_profile` before the step after `step`; `logged`: also look for a request."""
        return self._profile.due(step, logged)

    def toggle_profile(self, step: int) -> None:
        """Begins a capture, or ends it. All steps should have finished, so that a profile contains whole steps."""
        with self.goodput.spending("profile"):
            if text := self._profile.toggle(step):
                self.print(step, "profile", text)
