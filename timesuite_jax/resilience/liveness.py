"""Who is missing: in a run of many processes all wait for the slowest, and for ever for one that is gone.

Each process writes every few seconds into WORKDIR/processes/<index>.json what it is doing. One that makes no progress
reads what the others have written. If one of them writes no more (it was killed, or its machine is gone), has failed,
or keeps all the others waiting for longer than `timeout`, the run ends everywhere with a sentence that names it. Left
alone, JAX's runtime would end the run too, later and without a name.
"""

import dataclasses
import json
import logging
import os
import socket
import threading
import time
import traceback
import uuid
from contextlib import suppress
from typing import Any

import jax
from etils import epath

from timesuite_jax import parallel
from timesuite_jax.errors import UserError
from timesuite_jax.resilience.preemption import PreemptionHandler, exit_now
from timesuite_jax.storage.remote_path import replace_text

_log = logging.getLogger(__name__)
HEARTBEAT_TIMEOUT = (
    30.0  # seconds without an entry after which a process is taken for lost; never more than half of timeout
)
ENTRIES = 6  # in that time
MISTAKE, LOST = 2, 3  # exit codes: of a process that fails, as alone; of one that ends because of another


@dataclasses.dataclass(frozen=True)
class Entry:
    """What a process has written."""

    run: str  # of which start of the run; older entries say nothing
    host: str
    pid: int
    number: int = 0  # of the entry; nobody's clock has to agree with anybody's
    step: int = 0  # for which a batch was taken
    asked_to_stop: bool = False
    ended: bool = False  # in peace
    failed: str = ""  # with what message


class Heartbeats:
    """Writes for this process and reads what others have written; does nothing where there are no others.

    Args:
      folder: that all processes see.
      stop: is told when another process was asked to stop.
      timeout: seconds that all may wait for one that is alive.
    """

    def __init__(self, folder: epath.Path, stop: PreemptionHandler, timeout: float) -> None:
        self._folder, self._stop, self._timeout = folder, stop, timeout
        self._silence = min(HEARTBEAT_TIMEOUT, timeout / 2)
        self._interval = self._silence / ENTRIES
        self._step = 0
        run = parallel.allgather_strings([uuid.uuid4().hex])[0]
        self._entry = Entry(run, socket.gethostname(), os.getpid())
        self._lock, self._over = threading.Lock(), threading.Event()
        self._heard: dict[int, tuple[int, int]] = {}  # process -> its last number, and how often it was read since

    def __enter__(self) -> "Heartbeats":
        if jax.process_count() > 1:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._write()
            threading.Thread(target=self._watch, name="roll call", daemon=True).start()
        return self

    def begins(self, step: int) -> None:
        """This process has all that it needs for a step."""
        self._step = step

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if jax.process_count() == 1:
            return
        if not (error is None or isinstance(error, UserError)):
            traceback.print_exception(error)
            # It may be another's: a collective fails here because a process has died there. If so, the thread that
            # watches finds out whose, and ends this one too.
            time.sleep(self._silence + 3 * self._interval)
        self._over.set()
        told = "" if error is None else str(error).partition("\n")[0] or type(error).__name__
        with suppress(Exception):  # as in `_watch`
            self._write(ended=error is None, failed=told)
        if error is None:
            return
        # It ends here: the interpreter's own end would wait for the processes that this error leaves waiting.
        me = f"process {jax.process_index()} ({self._entry.host}) has failed"
        self._let_others_read()
        if isinstance(error, UserError):
            exit_now(f"{me}: {error}", MISTAKE)
        exit_now(me, 1)

    def _let_others_read(self) -> None:
        """Process 0 goes last: it holds the service without which JAX's runtime aborts the others on the spot."""
        if jax.process_index() == 0:
            time.sleep(3 * self._interval)

    def _write(self, **changes: Any) -> None:
        with self._lock:
            self._entry = dataclasses.replace(
                self._entry,
                number=self._entry.number + 1,
                step=self._step,
                asked_to_stop=self._stop.requested,
                **changes,
            )
            text = json.dumps(dataclasses.asdict(self._entry))
        replace_text(self._folder / f"{jax.process_index()}.json", text)

    def _watch(self) -> None:
        step, since = -1, time.monotonic()
        while not self._over.wait(self._interval):
            try:
                self._write()
                if self._step != step:
                    step, since = self._step, time.monotonic()
                else:
                    self._look(time.monotonic() - since)
            except Exception as error:  # whatever a storage library raises: a bucket that fails is no lost process
                _log.warning("cannot tell other processes that this one is alive: %s", error)

    def _look(self, waited: float) -> None:
        """Ends this process if another one is to blame that there is no progress."""
        entries = {index: self._read(index) for index in range(jax.process_count())}
        for index, entry in entries.items():
            if entry is None or entry.ended or index == jax.process_index():
                continue
            who = f"process {index} ({entry.host}, pid {entry.pid})"
            if entry.asked_to_stop and not self._stop.requested:
                self._stop.notice()
            if entry.failed:
                self._end(f"{who} has failed: {entry.failed}")
            # Counted in looks of our own, not in seconds: this process may have stood still itself.
            number, looks = self._heard.get(index, (-1, 0))
            looks = looks + 1 if number == entry.number else 0
            self._heard[index] = entry.number, looks
            if looks > ENTRIES:
                self._end(f"{who} has not been heard of for {self._silence:.0f} s; its last step was {entry.step}")
        steps = {index: entry.step for index, entry in entries.items() if entry}
        behind = [index for index, step in steps.items() if step == min(steps.values())]
        if waited > self._timeout and len(behind) < len(steps):
            hosts = ", ".join(f"{index} ({entry.host})" for index in behind if (entry := entries[index]))
            self._end(
                f"process {hosts} has kept the others waiting for {waited:.0f} s before step {min(steps.values()) + 1}"
                f" (training.process_timeout={self._timeout:.0f})"
            )

    def _read(self, index: int) -> Entry | None:
        """The last entry of a process in this start of the run, if there is one."""
        with suppress(Exception):  # not there, of another version, or as in `_watch`
            entry = Entry(**json.loads((self._folder / f"{index}.json").read_text()))
            return entry if entry.run == self._entry.run else None
        return None

    def _end(self, sentence: str) -> None:
        self._let_others_read()
        exit_now(f"{sentence}. This process ends; start the run again, it goes on from its last checkpoint", LOST)
