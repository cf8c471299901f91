"""Goodput: the share of a run's time in which it took steps that count, over all its restarts.

WORKDIR/goodput.json is a small ledger of where the seconds went. A run that is started again reads it on, so that the
steps an interruption undid, and all that had to be done anew, stay in the account:

  steps      taken, and kept by a checkpoint or by the process that still runs
  lost       steps after the checkpoint that the run went on from
  start      finding devices, reading or making parameters, opening data
  compile    tracing, lowering and compiling, or reading compiled programs, at any time
  save       waiting for checkpoints to be copied
  evaluate   evaluations
  profile    beginning and ending captures
  away       between the last entry and the restart: stopped, or waiting for machines. Not part of the run's time, and
             up to `_EVERY` seconds of lost steps hide in it

The bookkeeping is our own and the file lies with the run: `ml_goodput_measurement` writes to Cloud Logging, which a run
elsewhere does not have.
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

from timesuite_jax.storage.remote_path import replace_text

NAME = "goodput.json"
_EVERY = 60.0  # seconds between entries, beside those at checkpoints: writing to a bucket takes a tenth of one
_COMPILING = "/jax/core/compile/"
_log = logging.getLogger(__name__)


class Goodput:
    """The ledger of a run; a context manager, within which the clock runs.

    Args:
      workdir: of the run.
      write: whether this process keeps the file (one of a pod's does).
    """

    def __init__(self, workdir: epath.PathLike, *, write: bool = True) -> None:
        self._file, self._write = epath.Path(workdir) / NAME, write
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._marks: dict[int, float] = {0: 0.0}  # checkpoint -> seconds of steps up to it
        self._phase, self._since = "start", time.perf_counter()
        self._written = time.perf_counter()
        self._compiled: list[tuple[float, float]] = []

    def __enter__(self) -> "Goodput":
        self._read()
        self._thread = threading.get_ident()
        self._since = time.perf_counter()
        jax.monitoring.register_event_time_span_listener(self._on_span)
        return self

    def __exit__(self, *exception: object) -> None:
        jax.monitoring.unregister_event_time_span_listener(self._on_span)
        self.enter()

    def _read(self) -> None:
        """Goes on with an earlier process's account; a damaged one is begun anew, it is no part of the result."""
        try:
            ledger = json.loads(self._file.read_text())
            seconds = {str(name): float(value) for name, value in ledger["seconds"].items()}
            marks = {int(step): float(value) for step, value in ledger["steps_until"].items()}
            away = max(time.time() - float(ledger["at"]), 0.0)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return
        self._seconds.update(seconds)
        self._seconds["away"] += away
        self._marks |= marks

    def _on_span(self, event: str, start_time: float, end_time: float, **_: str | int) -> None:
        """Books compiling as such, whatever it happened within."""
        if not event.startswith(_COMPILING) or threading.get_ident() != self._thread:
            return
        seconds = end_time - start_time
        # A function that is traced while another one is: the outer one, which ends later, contains it.
        while self._compiled and self._compiled[-1][0] >= start_time:
            inner_start, inner_end = self._compiled.pop()
            seconds -= inner_end - inner_start
        self._compiled.append((start_time, end_time))
        self._seconds["compile"] += seconds
        self._seconds[self._phase] -= seconds

    def begin_steps(self, first: int) -> None:
        """From now on the time goes into steps; those after `first` that an earlier process took are lost."""
        self._turn("steps")
        lost = self._seconds["steps"] - self._marks.get(first, self._seconds["steps"])
        self._seconds["steps"] -= lost
        self._seconds["lost"] += lost
        self._marks = {step: seconds for step, seconds in self._marks.items() if step <= first}

    @contextlib.contextmanager
    def spending(self, phase: str) -> Iterator[None]:
        """Within it, the time goes elsewhere."""
        before = self._phase
        self._turn(phase)
        try:
            yield
        finally:
            self._turn(before)

    def _turn(self, phase: str) -> None:
        now = time.perf_counter()
        self._seconds[self._phase] += now - self._since
        self._phase, self._since = phase, now

    def step_seconds(self) -> float:
        """Seconds of steps so far."""
        self._turn(self._phase)
        return self._seconds["steps"]

    def mark(self, step: int) -> None:
        """Notes that a checkpoint holds everything up to this step; an entry in the file."""
        self._marks[step] = self.step_seconds()
        self.enter()

    def figures(self) -> dict[str, float]:
        """The goodput, and the hours of each kind; from time to time, an entry in the file."""
        share = self.step_seconds() / max(self._spent(), 1e-9)
        if time.perf_counter() - self._written > _EVERY:
            self.enter()
        return {"goodput": share, **{f"hours/{name}": value / 3600 for name, value in sorted(self._seconds.items())}}

    def summary(self) -> str:
        """One line: the goodput, and where the rest went, most first."""
        share = self.step_seconds() / max(self._spent(), 1e-9)
        kinds = sorted(self._seconds.items(), key=lambda kind: -kind[1])
        rest = [f"{name} {_duration(value)}" for name, value in kinds if name != "steps" and value >= 0.05]
        return f"{share:.1%} of {_duration(self._spent())}; {', '.join(rest)}"

    def _spent(self) -> float:
        return sum(value for name, value in self._seconds.items() if name != "away")

    def enter(self) -> None:
        """Writes the file."""
        self._turn(self._phase)
        self._written = time.perf_counter()
        if self._write:
            ledger = {"seconds": self._seconds, "steps_until": self._marks, "at": time.time()}
            try:
                with self.spending("save"):
                    replace_text(self._file, json.dumps(ledger, indent=1))
            except Exception as error:  # whatever a storage library raises: the account is no reason to end a run
                _log.warning("%s is not up to date: %s", self._file, error)


def _duration(seconds: float) -> str:
    """In the unit that a person would choose."""
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"
