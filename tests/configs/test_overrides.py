"""Every config has all training options: only keys that a config has can be overridden."""

import dataclasses

import pytest

from tests.support.paths import CONFIGS
from timesuite_jax.cli._configs import load_config
from timesuite_jax.parallel import MESH_AXES
from timesuite_jax.training import TrainingSpec

CONFIGS = sorted(path for path in (CONFIGS).rglob("*.py") if "get_config" in path.read_text())


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_configs_have_all_training_options(path):
    training = load_config(str(path)).training
    fields = {field.name for field in dataclasses.fields(TrainingSpec)} - {"rules"}
    if path.stem == "encoder":  # has no objective, and is not trained
        fields = {"mesh"}
    assert set(training) >= fields
    assert set(training.mesh) == set(MESH_AXES)
