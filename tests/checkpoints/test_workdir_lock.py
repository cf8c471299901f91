"""Tests for the lock of a work folder."""

import errno
import fcntl
import logging
import os
from pathlib import Path

import pytest
from etils import epath

from timesuite_jax.checkpoints.workdir_lock import lock_workdir
from timesuite_jax.errors import UserError


def test_forked_process_does_not_keep_the_lock(tmp_path: Path):
    folder = epath.Path(tmp_path)
    with lock_workdir(folder):
        # Like a forked process that outlives the run: another descriptor of the same open file.
        descriptors = [int(link.name) for link in Path("/proc/self/fd").iterdir() if link.exists()]
        (lock,) = (d for d in descriptors if os.path.samestat(os.fstat(d), (tmp_path / ".lock").stat()))
        forked = os.dup(lock)
        with pytest.raises(UserError, match=rf"another run uses .*pid {os.getpid()} on"), lock_workdir(folder):
            pass
    with lock_workdir(folder):
        pass
    os.close(forked)


def test_without_locks_a_run_goes_on_with_a_warning_and_leaves_no_marker(tmp_path: Path, monkeypatch, caplog):
    """A marker file instead of a lock would be left behind by a process that is killed, and block the next run."""

    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", unsupported)
    folder = epath.Path(tmp_path)
    for _ in range(2):
        with caplog.at_level(logging.WARNING), lock_workdir(folder), lock_workdir(folder):
            assert not (tmp_path / ".lock-holder").exists()
    assert caplog.text.count("make sure that no other run uses it") == 4
