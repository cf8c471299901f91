"""SIGTERM, the notice that a machine is about to go: finish the step, save, leave in peace."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Stop:
    """Whether the run was asked to stop."""

    requested = False


@contextmanager
def stop_on_sigterm() -> Iterator[Stop]:
    """Within it, SIGTERM sets a flag instead of ending the process.

    Python runs signal handlers in the main thread only; elsewhere (a notebook server's worker) the flag stays unset.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def request(signum: int, frame: object) -> None:
        stop.requested = True

    before = signal.signal(signal.SIGTERM, request)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)
