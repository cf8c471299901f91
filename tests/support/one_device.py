"""Trains on one of the simulated devices, where a model as small as those of the tests is quickest."""

import jax
import pytest

from timesuite_jax import parallel, training
from timesuite_jax.parallel import MeshSpec


def train_on_one_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replaces `training.run` by one that ignores the mesh of the config."""
    run, mesh = training.run, parallel.make_mesh(MeshSpec(), jax.devices()[:1])
    monkeypatch.setattr(training, "run", lambda *args, **named: run(*args, mesh=mesh, **named))
