"""Notices: SIGTERM, when a machine is about to go (in 30 seconds, on spot capacity), and SIGINT, a user's Ctrl-C.

What one means depends on what there is to lose:
  * between two steps it is a wish, which the loop sees;
  * while data are waited for, the wait ends at once, and the loop saves (`interruptible`);
  * while nothing is learnt - before the first step is compiled, in an evaluation - the state is made safe from another
    thread and the process ends, however deep in compiled code its main thread is (`nothing_to_lose_but`).
A second Ctrl-C ends the process at once.
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

import jax
import rich.console

CLEANUP_GRACE_S = 10.0  # seconds for closing readers and writers after all is saved
# What a shell tells of a command that ended by Ctrl-C: what it was to make is not there, though nothing is lost.
_CODES = {signal.SIGTERM: 0, signal.SIGINT: 128 + signal.SIGINT}
_NAMES = {signal.SIGTERM: "SIGTERM", signal.SIGINT: "Ctrl-C"}
_Safe = Callable[[], None]


class Interrupted(BaseException):
    """A notice came while data were waited for. No `Exception`, so that no reader takes it for a bad sample."""


class PreemptionHandler:
    """Whether the run was asked to stop, and what that means at the moment.

    At first there is nothing to lose; `has_learnt` says that there is.

    Attributes:
      farewell: what is done last when a notice ends the process while its main thread is at work.
    """

    def __init__(self) -> None:
        self.requested = False
        self._by = signal.SIGTERM
        self._presses = itertools.count()  # of Ctrl-C
        self.deadline: threading.Timer | None = None  # for closing what is open, once all is saved
        self._interrupts = False
        self._lock = threading.Lock()
        self._make_safe: _Safe | None = lambda: None
        self.farewell: Callable[[], None] = lambda: None

    @property
    def sentence(self) -> str:
        """What to tell when all is saved."""
        return f"asked to by {_NAMES[self._by]}; nothing was lost, the same command goes on from here"

    @property
    def code(self) -> int:
        """Exit code of a process that was asked to stop and has lost nothing."""
        return _CODES[self._by]

    def has_learnt(self) -> None:
        """From now on there is something to lose."""
        with self._lock:
            self._make_safe = None

    @contextmanager
    def nothing_to_lose_but(self, make_safe: _Safe) -> Iterator[None]:
        """Within it, a notice ends the process as soon as `make_safe` has returned; another thread calls it.

        If that fails, the wish stands and the main thread sees to it.
        """
        before = self._make_safe
        with self._lock:
            self._make_safe = make_safe
        if self.requested:  # a moment ago
            self.notice()
        try:
            yield
        finally:
            with self._lock:
                self._make_safe = before

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Within it, a notice raises `Interrupted` at once. For work that may be forgotten half done.

        Not in a run of many processes: they must stop at the same step, and others may be ahead of this one.
        """
        self._interrupts = jax.process_count() == 1
        try:
            if self.requested and self._interrupts:
                raise Interrupted
            yield
        finally:
            self._interrupts = False

    def notice(self, by: signal.Signals = signal.SIGTERM) -> None:
        """What happens on a notice in a thread of its own, whatever the main thread is doing.

        Args:
          by: which signal; that of a process that asks this one to stop too is SIGTERM.
        """
        if by == signal.SIGINT and next(self._presses):
            exit_now("ended by a second Ctrl-C; the same command goes on from the last checkpoint", self.code)
        self._request(by)
        with self._lock:
            if self._make_safe is None:
                if by == signal.SIGINT:
                    print("stopping when all is saved; a second Ctrl-C ends at once", file=sys.stderr, flush=True)
                return
            with suppress(Exception):  # whatever a storage library raises
                self._make_safe()
                with suppress(Exception):  # It must not keep the process.
                    self.farewell()
                exit_now(f"stopped: {self.sentence}", self.code)

    def notice_in_main_thread(self, by: signal.Signals) -> None:
        """What happens on a notice in the main thread, as soon as it is back from compiled code."""
        self._request(by)
        if self._interrupts:
            self._interrupts = False  # once: a second notice must not break off the saving
            raise Interrupted

    def _request(self, by: signal.Signals) -> None:
        self.requested = True
        if by == signal.SIGINT:
            self._by = by


def exit_now(sentence: str, code: int) -> None:
    """Ends the process now, whatever its threads are doing, and its worker processes with it."""
    with suppress(OSError):  # Whoever was to read it may be gone.
        print(sentence, file=sys.stderr, flush=True)
        rich.console.Console(stderr=True).show_cursor()  # which progress bars hide
    for worker in multiprocessing.active_children():
        worker.terminate()
    with suppress(OSError):
        sys.stdout.flush()
    os._exit(code)


def exit_after(seconds: float, code: int) -> threading.Timer:
    """Ends the process then, with that exit code, whatever its threads are doing; cancel it when it has ended well.

    A reader that waits for a dead disk must not outlast a notice of 30 seconds.
    """
    timer = threading.Timer(
        seconds, exit_now, (f"left without waiting for threads that hang for {seconds:.0f} s", code)
    )
    timer.daemon = True
    timer.start()
    return timer


@contextmanager
def save_and_exit_on_signal() -> Iterator[PreemptionHandler]:
    """Within it, SIGTERM and Ctrl-C do what `PreemptionHandler` says instead of ending the process.

    Python runs signal handlers in the main thread only; elsewhere (a notebook server's worker) both stay as they are.
    So does Ctrl-C where it means something else already: in a notebook, whose memory must outlive the run; in a job
    that a shell has started in the background, which ignores it.
    """
    stop = PreemptionHandler()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    ctrl_c_ends_python = signal.getsignal(signal.SIGINT) is signal.default_int_handler and not hasattr(sys, "ps1")
    notices = [signal.SIGTERM, *([signal.SIGINT] if ctrl_c_ends_python else [])]
    # The interpreter writes the number of a signal into a socket at once, even while the main thread computes.
    reader, writer = socket.socketpair()
    writer.setblocking(False)

    def watch() -> None:
        while number := reader.recv(1):
            if number[0] in notices:
                # A thread each: a second Ctrl-C does not wait until the first has saved.
                threading.Thread(target=stop.notice, args=(signal.Signals(number[0]),), daemon=True).start()
        reader.close()

    threading.Thread(target=watch, name="notices", daemon=True).start()
    socket_before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    handlers = {
        notice: signal.signal(notice, lambda number, _: stop.notice_in_main_thread(signal.Signals(number)))
        for notice in notices
    }
    try:
        yield stop
    finally:
        if stop.deadline:
            stop.deadline.cancel()
        for notice, handler in handlers.items():
            signal.signal(notice, handler or signal.SIG_DFL)
        signal.set_wakeup_fd(socket_before)
        writer.close()  # which ends the thread
