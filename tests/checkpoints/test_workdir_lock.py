"""A work folder is one run's alone, and free again when that run has ended."""

import os
from pathlib import Path

import pytest
from etils import epath

from timesuite_jax.checkpoints.workdir_lock import lock_workdir
from timesuite_jax.errors import UserError


def test_what_a_run_has_forked_does_not_keep_its_folder(tmp_path: Path):
    folder = epath.Path(tmp_path)
    with lock_workdir(folder):
        # As a fork does, which outlives the run: another descriptor of the same open file.
        descriptors = [int(link.name) for link in Path("/proc/self/fd").iterdir() if link.exists()]
        (lock,) = (d for d in descriptors if os.path.samestat(os.fstat(d), (tmp_path / ".lock").stat()))
        forked = os.dup(lock)
        with pytest.raises(UserError, match="another run is at work"), lock_workdir(folder):
            pass
    with lock_workdir(folder):
        pass
    os.close(forked)
