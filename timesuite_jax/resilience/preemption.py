"""Preemption: SIGTERM, when a machine is reclaimed (in 30 seconds, on spot capacity), and SIGINT, a user's Ctrl-C.

What a signal does depends on what the process is doing:
  * between two steps it is a request, which the loop reads and answers by saving;
  * during a wait for data it ends the wait at once, and the loop saves (`interruptible`);
  * where no step is under way (before the first step is compiled, during an evaluation) another thread saves the state
    and ends the process, however deep in compiled code its main thread is (`save_and_exit_on_signal`).
A second Ctrl-C ends the process at once.

JAX's preemption sync manager (`multihost_utils.reached_preemption_sync_point`, behind Orbax's
`CheckpointManager.reached_preemption`) covers the first case only, for SIGTERM only, and only with
`jax.distributed.initialize`: a compilation or an evaluation that outlasts the 30 seconds loses all steps since the last
checkpoint. It also takes the signal away from the process, so it is disabled (see `parallel.join_processes`).
"""

import itertools
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from signal import SIGINT, SIGTERM, Signals

import jax
import rich.console

CLEANUP_GRACE_S = 10.0  # seconds for closing readers and writers after everything is saved
# 130 is a shell's code of a command that Ctrl-C has ended: its result is missing, though nothing is lost.
_CODES = {SIGTERM: 0, SIGINT: 128 + SIGINT}
_NAMES = {SIGTERM: "SIGTERM", SIGINT: "Ctrl-C"}
_Save = Callable[[], None]


class Interrupted(BaseException):
    """A signal came during a wait for data. No `Exception`, so that no reader takes it for a bad sample."""


class PreemptionHandler:
    """Whether a signal has requested the run's end, and what a signal does at the moment.

    At first there is nothing to save, and a signal ends the process; `training_started` changes that.

    Attributes:
      requested: whether a signal has come.
      deadline: timer that ends the process if closing it hangs, once everything is saved.
      on_exit: called last where a signal ends the process while its main thread is busy.
    """

    def __init__(self) -> None:
        self.requested = False
        self.deadline: threading.Timer | None = None
        self.on_exit: Callable[[], None] = lambda: None
        self._signal = SIGTERM
        self._ctrl_c_count = itertools.count()
        self._interrupts = False
        self._lock = threading.Lock()
        self._save: _Save | None = lambda: None  # None: a signal is a request to the loop

    @property
    def message(self) -> str:
        """For the log, once everything is saved."""
        return f"stopped by {_NAMES[self._signal]}; nothing was lost, the same command resumes from here"

    @property
    def code(self) -> int:
        """Exit code of a process that a signal has ended without loss."""
        return _CODES[self._signal]

    def training_started(self) -> None:
        """From now on there is a state to save, and a signal is a request to the loop."""
        with self._lock:
            self._save = None

    @contextmanager
    def save_and_exit_on_signal(self, save: _Save) -> Iterator[None]:
        """Within it, a signal calls `save` in another thread and then ends the process.

        If `save` fails, the request remains and the loop answers it.
        """
        before = self._save
        with self._lock:
            self._save = save
        if self.requested:  # just before
            self.signal()
        try:
            yield
        finally:
            with self._lock:
                self._save = before

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Within it, a signal raises `Interrupted` at once. For work that may be abandoned half done.

        Without effect in a run of many processes: they must stop at the same step, and others may be ahead of this one.
        """
        self._interrupts = jax.process_count() == 1
        try:
            if self.requested and self._interrupts:
                raise Interrupted
            yield
        finally:
            self._interrupts = False

    def signal(self, number: Signals = SIGTERM) -> None:
        """Handles a signal in a thread of its own, whatever the main thread is doing.

        Args:
          number: which signal; SIGTERM where another process has got it.
        """
        if number == SIGINT and next(self._ctrl_c_count):
            exit_now("ended by a second Ctrl-C; the same command resumes from the last checkpoint", self.code)
        self._request(number)
        with self._lock:
            if self._save is None:
                if number == SIGINT:
                    print("saving, then stopping; a second Ctrl-C ends at once", file=sys.stderr, flush=True)
                return
            with suppress(Exception):  # whatever a storage library raises
                self._save()
                with suppress(Exception):  # must not keep the process alive
                    self.on_exit()
                exit_now(self.message, self.code)

    def signal_in_main_thread(self, number: Signals) -> None:
        """Handles a signal in the main thread, as soon as that returns from compiled code."""
        self._request(number)
        if self._interrupts:
            self._interrupts = False  # once: a second signal must not interrupt the saving
            raise Interrupted

    def _request(self, number: Signals) -> None:
        self.requested = True
        if number == SIGINT:
            self._signal = number


def exit_now(message: str, code: int) -> None:
    """Ends the process now, whatever its threads are doing, and its worker processes with it."""
    with suppress(OSError):  # whoever reads the output may be gone
        print(message, file=sys.stderr, flush=True)
        rich.console.Console(stderr=True).show_cursor()  # which progress bars hide
    for worker in multiprocessing.active_children():
        worker.terminate()
    with suppress(OSError):
        sys.stdout.flush()
    os._exit(code)


def exit_after(seconds: float, code: int) -> threading.Timer:
    """Ends the process after some seconds, whatever its threads are doing, unless the returned timer is cancelled.

    A reader that waits for a dead disk must not outlast the 30 seconds between SIGTERM and the end of the machine.
    """
    timer = threading.Timer(seconds, exit_now, (f"threads did not end within {seconds:.0f} s; exiting", code))
    timer.daemon = True
    timer.start()
    return timer


@contextmanager
def handle_preemption() -> Iterator[PreemptionHandler]:
    """Within it, SIGTERM and Ctrl-C are handled by the `PreemptionHandler` instead of ending the process.

    Python runs signal handlers in the main thread only; elsewhere (a notebook server's worker) both keep their effect.
    So does Ctrl-C where it has another meaning: in a notebook, whose memory must outlive the run; in a job that a shell
    has started in the background, which ignores it.
    """
    handler = PreemptionHandler()
    if threading.current_thread() is not threading.main_thread():
        yield handler
        return
    ctrl_c_ends_python = signal.getsignal(SIGINT) is signal.default_int_handler and not hasattr(sys, "ps1")
    numbers = [SIGTERM, *([SIGINT] if ctrl_c_ends_python else [])]
    # The interpreter writes the number of a signal into a socket at once, even while the main thread computes.
    reader, writer = socket.socketpair()
    writer.setblocking(False)

    def watch() -> None:
        while received := reader.recv(1):
            if received[0] in numbers:
                # A thread each: a second Ctrl-C does not wait until the first has saved.
                threading.Thread(target=handler.signal, args=(Signals(received[0]),), daemon=True).start()
        reader.close()

    threading.Thread(target=watch, name="signals", daemon=True).start()
    socket_before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    before = {
        number: signal.signal(number, lambda received, _: handler.signal_in_main_thread(Signals(received)))
        for number in numbers
    }
    try:
        yield handler
    finally:
        if handler.deadline:
            handler.deadline.cancel()
        for number, previous in before.items():
            signal.signal(number, previous or signal.SIG_DFL)
        signal.set_wakeup_fd(socket_before)
        writer.close()  # which ends the thread
