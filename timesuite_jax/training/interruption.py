"""SIGTERM, the notice that a machine is about to go (in 30 seconds, on spot capacity).

What it means depends on what there is to lose:
  * between two steps it is a wish, which the loop sees;
  * while data are waited for, the wait ends at once, and the loop saves (`interruptible`);
  * while nothing is learnt - before the first step is compiled, in an evaluation - the state is made safe from another
    thread and the process ends, however deep in compiled code its main thread is (`nothing_to_lose_but`).
"""

import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import jax

TIDYING = 10.0  # seconds for closing readers and writers after all is saved
STOPPED = "stopped: asked to by SIGTERM; nothing was lost, the same command goes on from here"
_Safe = Callable[[], None]


class Interrupted(BaseException):
    """SIGTERM came while data were waited for. No `Exception`, so that no reader takes it for a bad sample."""


class Stop:
    """Whether the run was asked to stop, and what that means at the moment.

    At first there is nothing to lose; `has_learnt` says that there is.
    """

    def __init__(self) -> None:
        self.requested = False
        self.deadline: threading.Timer | None = None  # for closing what is open, once all is saved
        self._interrupts = False
        self._lock = threading.Lock()
        self._make_safe: _Safe | None = lambda: None

    def has_learnt(self) -> None:
        """From now on there is something to lose."""
        with self._lock:
            self._make_safe = None

    @contextmanager
    def nothing_to_lose_but(self, make_safe: _Safe) -> Iterator[None]:
        """Within it, SIGTERM ends the process as soon as `make_safe` has returned; another thread calls it.

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
        """Within it, SIGTERM raises `Interrupted` at once. For work that may be forgotten half done.

        Not in a run of many processes: they must stop at the same step, and others may be ahead of this one.
        """
        self._interrupts = jax.process_count() == 1
        try:
            if self.requested and self._interrupts:
                raise Interrupted
            yield
        finally:
            self._interrupts = False

    def notice(self) -> None:
        """What happens on SIGTERM in a thread of its own, whatever the main thread is doing."""
        self.requested = True
        with self._lock:
            if self._make_safe is None:
                return
            with suppress(Exception):  # whatever a storage library raises
                self._make_safe()
                leave(STOPPED, 0)

    def notice_in_main_thread(self) -> None:
        """What happens on SIGTERM in the main thread, as soon as it is back from compiled code."""
        self.requested = True
        if self._interrupts:
            self._interrupts = False  # once: a second notice must not break off the saving
            raise Interrupted


def leave(sentence: str, code: int) -> None:
    """Ends the process now, whatever its threads are doing, and its worker processes with it."""
    print(sentence, file=sys.stderr, flush=True)
    for worker in multiprocessing.active_children():
        worker.terminate()
    sys.stdout.flush()
    os._exit(code)


def end_within(seconds: float) -> threading.Timer:
    """Ends the process then, whatever its threads are doing; cancel it when it has ended well.

    A reader that waits for a dead disk must not outlast a notice of 30 seconds.
    """
    timer = threading.Timer(seconds, leave, (f"left without waiting for threads that hang for {seconds:.0f} s", 0))
    timer.daemon = True
    timer.start()
    return timer


@contextmanager
def stop_on_sigterm() -> Iterator[Stop]:
    """Within it, SIGTERM does what `Stop` says instead of ending the process.

    Python runs signal handlers in the main thread only; elsewhere (a notebook server's worker) SIGTERM stays as it is.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    # The interpreter writes the number of a signal into a socket at once, even while the main thread computes.
    reader, writer = socket.socketpair()
    writer.setblocking(False)

    def watch() -> None:
        while number := reader.recv(1):
            if number[0] == signal.SIGTERM:
                stop.notice()
        reader.close()

    threading.Thread(target=watch, name="sigterm", daemon=True).start()
    socket_before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    handler_before = signal.signal(signal.SIGTERM, lambda number, frame: stop.notice_in_main_thread())
    try:
        yield stop
    finally:
        if stop.deadline:
            stop.deadline.cancel()
        signal.signal(signal.SIGTERM, handler_before or signal.SIG_DFL)
        signal.set_wakeup_fd(socket_before)
        writer.close()  # which ends the thread
