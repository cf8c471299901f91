"""Detects hung or dead processes of a multi-host run, and ends the run with a message that names them.

Each process writes a heartbeat with its current step to WORKDIR/processes/<index>.json every few seconds. A process
that makes no progress reads the others'. If one of them has stopped writing (it was killed, or its machine is gone),
has failed, or delays all others for longer than `timeout`, every process exits. JAX's own heartbeat would end the run
too, but later, without the name of the process, and not where a process is alive and hangs.
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
from typing import Any, Self

import jax
from etils import epath

from timesuite_jax import parallel
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json
from timesuite_jax.resilience.preemption import PreemptionHandler, exit_now
from timesuite_jax.storage.atomic_write import replace_text

_log = logging.getLogger(__name__)
HEARTBEAT_TIMEOUT = 30.0  # seconds without a heartbeat after which a process counts as lost; at most half of `timeout`
HEARTBEATS = 6  # in that time
EXIT_USER_ERROR, EXIT_LOST = 2, 3  # of a process with a `UserError`, as alone; of one that ends because of another


@dataclasses.dataclass(frozen=True)
class Heartbeat:
    """What a process has written."""

    run: str  # identifies a start of the run; heartbeats of earlier starts are ignored
    host: str
    pid: int
    number: int = 0  # counts heartbeats, so that clocks of different machines need not agree
    step: int = 0  # the step that this process has a batch for
    stop_requested: bool = False
    ended: bool = False  # without an error
    failed: str = ""  # message of its error


class Heartbeats:
    """Writes this process's heartbeats and reads the others'; a context manager, without effect in a single process.

    Args:
      folder: that all processes see.
      preemption: gets a signal when another process has got one.
      timeout: seconds that all may wait for one that is alive.
      remedy: what to do when another process is lost, for the message.
    """

    def __init__(
        self,
        folder: epath.Path,
        preemption: PreemptionHandler,
        timeout: float,
        remedy: str = "start the run again, it resumes from its last checkpoint",
    ) -> None:
        self._folder, self._preemption, self._timeout, self._remedy = folder, preemption, timeout, remedy
        self._heartbeat_timeout = min(HEARTBEAT_TIMEOUT, timeout / 2)
        self._interval = self._heartbeat_timeout / HEARTBEATS
        self._step = 0
        run = parallel.allgather_strings([uuid.uuid4().hex])[0]
        self._own = Heartbeat(run, socket.gethostname(), os.getpid())
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._seen: dict[int, tuple[int, int]] = {}  # process -> its last number, and how often it was read since

    def __enter__(self) -> Self:
        if jax.process_count() > 1:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._write()
            threading.Thread(target=self._watch, name="heartbeats", daemon=True).start()
        return self

    def begin_step(self, step: int) -> None:
        """Records that this process has all that it needs for a step."""
        self._step = step

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if jax.process_count() == 1:
            return
        if not (error is None or isinstance(error, UserError)):
            traceback.print_exception(error)
            # A collective fails here when another process has died. If so, the thread that watches finds out which one,
            # and ends this process too.
            time.sleep(self._heartbeat_timeout + 3 * self._interval)
        self._closed.set()
        message = "" if error is None else str(error).partition("\n")[0] or type(error).__name__
        with suppress(Exception):  # as in `_watch`
            self._write(ended=error is None, failed=message)
        if error is None:
            return
        # Exits here: the interpreter's own exit would wait for the processes that this error leaves waiting.
        own = f"process {jax.process_index()} ({self._own.host}) has failed"
        self._let_others_read()
        if isinstance(error, UserError):
            exit_now(f"{own}: {error}", EXIT_USER_ERROR)
        exit_now(own, 1)

    def _let_others_read(self) -> None:
        """Process 0 exits last: it hosts the service without which JAX's runtime aborts the others."""
        if jax.process_index() == 0:
            time.sleep(3 * self._interval)

    def _write(self, **changes: Any) -> None:
        with self._lock:
            self._own = dataclasses.replace(
                self._own,
                number=self._own.number + 1,
                step=self._step,
                stop_requested=self._preemption.requested,
                **changes,
            )
            text = to_json(dataclasses.asdict(self._own))
        replace_text(self._folder / f"{jax.process_index()}.json", text)

    def _watch(self) -> None:
        step, since = -1, time.monotonic()
        while not self._closed.wait(self._interval):
            try:
                self._write()
                if self._step != step:
                    step, since = self._step, time.monotonic()
                else:
                    self._check_others(time.monotonic() - since)
            except Exception as error:  # whatever a storage library raises: a failing bucket is no lost process
                _log.warning("cannot write this process's heartbeat: %s", error)

    def _check_others(self, waited: float) -> None:
        """Exits if another process is the reason that there has been no progress for `waited` seconds."""
        heartbeats = {index: self._read(index) for index in range(jax.process_count())}
        for index, heartbeat in heartbeats.items():
            if heartbeat is None or heartbeat.ended or index == jax.process_index():
                continue
            name = f"process {index} ({heartbeat.host}, pid {heartbeat.pid})"
            if heartbeat.stop_requested and not self._preemption.requested:
                self._preemption.signal()
            if heartbeat.failed:
                self._exit(f"{name} has failed: {heartbeat.failed}")
            # Counted in reads, not in seconds: this process may have been suspended itself.
            number, reads = self._seen.get(index, (-1, 0))
            reads = reads + 1 if number == heartbeat.number else 0
            self._seen[index] = heartbeat.number, reads
            if reads > HEARTBEATS:
                self._exit(
                    f"{name} has sent no heartbeat for {self._heartbeat_timeout:.0f} s; its last step was "
                    f"{heartbeat.step}"
                )
        steps = {index: heartbeat.step for index, heartbeat in heartbeats.items() if heartbeat}
        slowest = [index for index, step in steps.items() if step == min(steps.values())]
        if waited > self._timeout and len(slowest) < len(steps):
            names = ", ".join(f"{index} ({found.host})" for index in slowest if (found := heartbeats[index]))
            self._exit(
                f"process {names} has delayed the others for {waited:.0f} s before step {min(steps.values()) + 1}"
                f" (training.process_timeout={self._timeout:.0f})"
            )

    def _read(self, index: int) -> Heartbeat | None:
        """The last heartbeat of a process in this start of the run, if there is one."""
        with suppress(Exception):  # absent, written by another version, or as in `_watch`
            heartbeat = Heartbeat(**json.loads((self._folder / f"{index}.json").read_text()))
            return heartbeat if heartbeat.run == self._own.run else None
        return None

    def _exit(self, reason: str) -> None:
        self._let_others_read()
        exit_now(f"{reason}. Exiting; {self._remedy}", EXIT_LOST)
