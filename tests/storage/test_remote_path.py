"""Tests for work folders in a bucket: their URL is used unchanged."""

from pathlib import Path

import pytest
from etils import epath

from timesuite_jax.checkpoints import workdir_lock
from timesuite_jax.checkpoints.manager import Checkpoints
from timesuite_jax.storage.remote_path import is_remote


class FirstWrite(Exception):
    """Raised with the work folder when it is first written to."""


@pytest.mark.parametrize(("given", "used"), [("gs://bucket/run", "gs://bucket/run"), ("run", f"{Path.cwd()}/run")])
def test_absolute_workdir(given: str, used: str, monkeypatch: pytest.MonkeyPatch):
    def stop(workdir: epath.Path) -> None:
        raise FirstWrite(str(workdir))

    monkeypatch.setattr(workdir_lock, "_check_writable", stop)
    with pytest.raises(FirstWrite) as caught:
        Checkpoints(given)
    assert str(caught.value) == used
    assert is_remote(given) == given.startswith("gs://")
