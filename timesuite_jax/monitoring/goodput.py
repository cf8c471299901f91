"""Goodput: the fraction of a run's time spent on steps that count, over all its restarts.

WORKDIR/goodput.json records the seconds of each phase. A resumed run reads and continues it, so that steps that an
interruption has undone, and work that is repeated, are counted:

  steps      whose result is in a checkpoint or in the running process
  lost       steps after the checkpoint that the run resumed from
  start      finding devices, reading or initialising parameters, opening data
  compile    tracing, lowering and compiling, or reading compiled programs, at any time
  save       waiting for checkpoints to be copied
  evaluate   evaluations
  profile    starting and stopping captures
  away       between the last record and the restart: stopped, or waiting for machines. Not part of the run's time; may
             include up to `_WRITE_EVERY` seconds of lost steps

The `ml_goodput_measurement` library is not used because it writes to Google Cloud Logging, which runs elsewhere lack.
"""

import contextlib
import json
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterator

import jax
from etils import epath

from timesuite_jax.json_text import to_json
from timesuite_jax.storage.atomic_write import replace_text

NAME = "goodput.json"
_WRITE_EVERY = 60.0  # seconds, besides every checkpoint: writing to a bucket takes a tenth of a second
_COMPILE_EVENTS = "/jax/core/compile/"
_log = logging.getLogger(__name__)


class Goodput:
    """Seconds of a run by phase; a context manager, within which the clock runs.

    Args:
      workdir: of the run.
      write: whether this process writes the file (one of a run's processes does).
    """

    def __init__(self, workdir: epath.PathLike, *, write: bool = True) -> None:
        self._file, self._writes = epath.Path(workdir) / NAME, write
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._marks: dict[int, float] = {0: 0.0}  # checkpoint -> seconds of steps up to it
        self._phase, self._since = "start", time.perf_counter()
        self._written_at = time.perf_counter()
        self._compiled: list[tuple[float, float]] = []

    def __enter__(self) -> "Goodput":
        self._read()
        self._thread = threading.get_ident()
        self._since = time.perf_counter()
        jax.monitoring.register_event_time_span_listener(self._on_span)
        return self

    def __exit__(self, *exception: object) -> None:
        jax.monitoring.unregister_event_time_span_listener(self._on_span)
        self.write()

    def _read(self) -> None:
        """Continues an earlier process's record; a damaged one is ignored, since it is not part of the result."""
        try:
            record = json.loads(self._file.read_text())
            seconds = {str(name): float(value) for name, value in record["seconds"].items()}
            marks = {int(step): float(value) for step, value in record["steps_until"].items()}
            away = max(time.time() - float(record["at"]), 0.0)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return
        self._seconds.update(seconds)
        self._seconds["away"] += away
        self._marks |= marks

    def _on_span(self, event: str, start_time: float, end_time: float, **_: str | int) -> None:
        """Moves the seconds of a compilation from the current phase to "compile"."""
        if not event.startswith(_COMPILE_EVENTS) or threading.get_ident() != self._thread:
            return
        seconds = end_time - start_time
        # The span of a nested trace is contained in that of the outer one, which ends later.
        while self._compiled and self._compiled[-1][0] >= start_time:
            inner_start, inner_end = self._compiled.pop()
            seconds -= inner_end - inner_start
        self._compiled.append((start_time, end_time))
        self._seconds["compile"] += seconds
        self._seconds[self._phase] -= seconds

    def begin_steps(self, first: int) -> None:
        """Starts the phase of steps; those after `first` that an earlier process took are lost."""
        self._switch("steps")
        lost = self._seconds["steps"] - self._marks.get(first, self._seconds["steps"])
        self._seconds["steps"] -= lost
        self._seconds["lost"] += lost
        self._marks = {step: seconds for step, seconds in self._marks.items() if step <= first}

    @contextlib.contextmanager
    def spending(self, phase: str) -> Iterator[None]:
        """Within it, time counts as another phase."""
        before = self._phase
        self._switch(phase)
        try:
            yield
        finally:
            self._switch(before)

    def _switch(self, phase: str) -> None:
        now = time.perf_counter()
        self._seconds[self._phase] += now - self._since
        self._phase, self._since = phase, now

    def step_seconds(self) -> float:
        """Seconds of steps so far."""
        self._switch(self._phase)
        return self._seconds["steps"]

    def mark(self, step: int) -> None:
        """Records that a checkpoint contains everything up to this step; writes the file."""
        self._marks[step] = self.step_seconds()
        self.write()

    def metrics(self) -> dict[str, float]:
        """The goodput, and the hours of each phase; writes the file every `_WRITE_EVERY` seconds."""
        goodput = self.step_seconds() / max(self._total(), 1e-9)
        if time.perf_counter() - self._written_at > _WRITE_EVERY:
            self.write()
        return {"goodput": goodput, **{f"hours/{name}": value / 3600 for name, value in sorted(self._seconds.items())}}

    def summary(self) -> str:
        """One line: the goodput, and the other phases by falling duration."""
        goodput = self.step_seconds() / max(self._total(), 1e-9)
        phases = sorted(self._seconds.items(), key=lambda phase: -phase[1])
        rest = [f"{name} {_duration(value)}" for name, value in phases if name != "steps" and value >= 0.05]
        return f"{goodput:.1%} of {_duration(self._total())}; {', '.join(rest)}"

    def _total(self) -> float:
        return sum(value for name, value in self._seconds.items() if name != "away")

    def write(self) -> None:
        """Writes the file."""
        self._switch(self._phase)
        self._written_at = time.perf_counter()
        if self._writes:
            record = {"seconds": self._seconds, "steps_until": self._marks, "at": time.time()}
            try:
                with self.spending("save"):
                    replace_text(self._file, to_json(record, indent=1))
            except Exception as error:  # whatever a storage library raises: not a reason to end a run
                _log.warning("%s is not up to date: %s", self._file, error)


def _duration(seconds: float) -> str:
    """With a unit of a fitting size."""
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"
