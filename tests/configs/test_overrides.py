"""What the documents say can be given on the command line stands in every config: only that can be overridden."""

import dataclasses

import pytest

from tests.support.paths import CONFIGS
from timesuite_jax.cli._configs import load_config
from timesuite_jax.parallel import MESH_AXES
from timesuite_jax.training import TrainingSpec

CONFIGS = sorted(path for path in (CONFIGS).rglob("*.py") if "get_config" in path.read_text())


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_field_of_training_is_there(path):
    training = load_config(str(path)).training
    fields = {field.name for field in dataclasses.fields(TrainingSpec)} - {"rules"}
    assert set(training) >= fields
    assert set(training.mesh) == set(MESH_AXES)
