"""A work folder belongs to one run: a second one would remove what the first is about to save.

The lock is the kernel's (`flock`), so that no end of a process, however sudden, leaves it behind. Buckets have none.
"""

import fcntl
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

import jax
from etils import epath

from timesuite_jax import parallel
from timesuite_jax.errors import UserError
from timesuite_jax.storage.remote_path import is_remote
from timesuite_jax.storage.write_errors import explain_write_errors

_log = logging.getLogger(__name__)


@contextmanager
def lock_workdir(workdir: epath.Path) -> Iterator[None]:
    """Within it, the folder is there, can be written, and is this run's alone; all its processes must enter.

    Process 0 holds the lock for all. In a bucket nobody does, nor on a file system that knows no locks.

    Raises:
      UserError: in every process, if another run is at work in the folder; or if it cannot be made or written.
    """
    with explain_write_errors(workdir, "work folder"):
        _prove_writable(workdir)
        # Never removed: who finds another file under this name would lock that one.
        file = None if is_remote(workdir) else (workdir / ".lock").open("a")
    if file is None:
        yield
        return
    with file:
        told = _lock(file, workdir) if jax.process_index() == 0 else ""
        if refusal := parallel.allgather_strings([told] if told else []):
            raise UserError(refusal[0])
        try:
            yield
        finally:
            with suppress(OSError):  # where there are no locks
                fcntl.flock(file, fcntl.LOCK_UN)  # A process that was forked from this one has the file open, too.


def _prove_writable(workdir: epath.Path) -> None:
    """Finds out now what else the first save would find out an hour later."""
    try:
        workdir.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as error:  # below /proc and the like
        raise UserError(f"{workdir} cannot be made; choose another work folder") from error
    probe = workdir / ".writable"
    probe.write_text("")
    probe.unlink(missing_ok=True)


def _lock(file: IO[str], workdir: epath.Path) -> str:
    """Locks the file until it is closed, and writes into it by whom; or why it cannot be."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = (workdir / ".lock").read_text()
        return f"another run is at work in {workdir} ({holder}); wait for it, stop it or choose another work folder"
    except OSError as error:
        _log.warning("%s has no locks (%s): see to it that no other run works there", workdir, error.strerror)
        return ""
    with suppress(OSError):  # It is locked whatever it says.
        file.truncate(0)
        file.write(f"pid {os.getpid()} on {socket.gethostname()}")
        file.flush()
    return ""
