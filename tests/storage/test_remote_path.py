"""A work folder in a bucket is taken as it is named."""

from pathlib import Path

import pytest
from etils import epath

from timesuite_jax.checkpoints import workdir_lock
from timesuite_jax.checkpoints.manager import Checkpoints
from timesuite_jax.storage.remote_path import is_remote


class Reached(Exception):
    """Where the run would lie, at the moment when it is first written to."""


@pytest.mark.parametrize(("given", "taken"), [("gs://bucket/run", "gs://bucket/run"), ("run", f"{Path.cwd()}/run")])
def test_where_a_run_lies(given: str, taken: str, monkeypatch: pytest.MonkeyPatch):
    def stop(workdir: epath.Path) -> None:
        raise Reached(str(workdir))

    monkeypatch.setattr(workdir_lock, "_check_writable", stop)
    with pytest.raises(Reached) as caught:
        Checkpoints(given)
    assert str(caught.value) == taken
    assert is_remote(given) == given.startswith("gs://")
