"""Locks a work folder for one run: a second run would remove checkpoints that the first one is saving.

The lock is `filelock`'s, by `flock`: the kernel releases it when the process ends, however it ends. `filelock` does not
record the holder on such locks, so the pid and host are written to a file beside it, for the message of a second run.
Buckets have no locks.
"""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import filelock
import jax
from etils import epath

from timesuite_jax import parallel
from timesuite_jax.errors import UserError
from timesuite_jax.storage.remote_path import is_remote
from timesuite_jax.storage.write_errors import explain_write_errors

_log = logging.getLogger(__name__)


@contextmanager
def lock_workdir(workdir: epath.Path) -> Iterator[None]:
    """Creates the folder, checks that it can be written, and holds its lock; all processes of a run must enter.

    Process 0 holds the lock for all. There is no lock in a bucket, nor on a file system that does not support locks.

    Raises:
      UserError: in every process, if another run uses the folder, or it cannot be created or written.
    """
    with explain_write_errors(workdir, "work folder"):
        _check_writable(workdir)
    if is_remote(workdir):
        yield
        return
    # Not thread-local: the thread that ends a run need not be the one that started it.
    # No fallback to a marker file, which a process killed on another host would leave behind.
    lock = filelock.FileLock(workdir / ".lock", thread_local=False, fallback_to_soft=False)
    errors: list[str] = []
    if jax.process_index() == 0:
        try:
            with explain_write_errors(workdir, "work folder"):
                _acquire(lock, workdir)
        except UserError as error:
            errors.append(str(error))  # raised in all processes, which would otherwise wait for this one
    if errors := parallel.allgather_strings(errors):
        raise UserError(errors[0])
    try:
        yield
    finally:
        lock.release()


def _check_writable(workdir: epath.Path) -> None:
    """Fails now if the first save, maybe an hour later, would fail."""
    try:
        workdir.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as error:  # below /proc and the like
        raise UserError(f"cannot create {workdir}; choose another work folder") from error
    probe = workdir / ".writable"
    probe.write_text("")
    probe.unlink(missing_ok=True)


def _acquire(lock: filelock.BaseFileLock, workdir: epath.Path) -> None:
    """Acquires the lock and records the holder; raises a UserError if another run holds it."""
    holder = workdir / ".lock-holder"
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout as error:
        name = holder.read_text() if holder.exists() else "unknown process"
        raise UserError(
            f"another run uses {workdir} ({name}); wait for it, stop it or choose another work folder"
        ) from error
    except (IsADirectoryError, PermissionError):
        raise
    except (NotImplementedError, OSError) as error:
        _log.warning("cannot lock %s (%s): make sure that no other run uses it", workdir, error)
        return
    with suppress(OSError):  # the lock is held even if its holder cannot be recorded
        holder.write_text(f"pid {os.getpid()} on {socket.gethostname()}")
