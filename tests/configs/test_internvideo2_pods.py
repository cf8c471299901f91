"""TPU presets of InternVideo2: the chips divide what they share, and nothing else of a run changes."""

import importlib
import math

import pytest
from jax.sharding import AbstractMesh

from tests.support.paths import CONFIGS
from timesuite_jax import parallel, registry
from timesuite_jax.cli._configs import load_config
from timesuite_jax.configs.internvideo2 import pods
from timesuite_jax.errors import UserError
from timesuite_jax.training import TrainingSpec

FOLDER = CONFIGS / "internvideo2"
FILES = ("pretrain_1b", "pretrain_6b", "distill", "finetune_1b", "finetune_6b")


def presets(file: str) -> dict[str, pods.Pod]:
    return importlib.import_module(f"timesuite_jax.configs.internvideo2.{file}").PODS


@pytest.mark.parametrize(("file", "name"), [(file, name) for file in FILES for name in presets(file)])
def test_a_preset_places_a_run_on_its_chips(file, name):
    pod = presets(file)[name]
    assert math.prod(map(int, pod.topology.partition(":")[2].split("x"))) == pod.chips
    config = load_config(f"{FOLDER}/{file}.py:{name}")
    task, mesh_spec = registry.build(config), TrainingSpec.from_config(config.training).mesh
    sizes = mesh_spec.resolve(pod.chips)
    mesh = AbstractMesh(sizes, parallel.MESH_AXES)
    rules = parallel.make_rules({}, mesh)
    parallel.shardings(task.abstract_params(), mesh, rules)  # an error if a width is not divisible
    assert len(task.abstract_batch()["frames"]) % math.prod(sizes) == 0
    config.training.mesh = load_config(f"{FOLDER}/{file}.py").training.mesh
    assert config == load_config(f"{FOLDER}/{file}.py")


@pytest.mark.parametrize("file", ["finetune_1b", "finetune_6b"])
def test_every_run_has_the_presets(file):
    runs = importlib.import_module(f"timesuite_jax.configs.internvideo2.{file}").RUNS
    small = {"anet", "hacs"}
    for run in set(runs) - small:
        for name, pod in presets(file).items():
            assert load_config(f"{FOLDER}/{file}.py:{run},{name}").training.mesh.fsdp == pod.fsdp


def test_a_batch_that_the_chips_cannot_share():
    with pytest.raises(UserError, match=r"the run's 64 clips a step .* 256 chips of v6e:16x16; choose a smaller TPU"):
        load_config(f"{FOLDER}/finetune_6b.py:anet,v6e-256")
    assert load_config(f"{FOLDER}/finetune_6b.py:anet,v5p-128").training.mesh.data == -1


def test_two_runs_or_two_forms_are_an_error():
    for form, error in (("k400,k600", "both 'k400' and 'k600'"), ("debug,v5e-256", "both 'debug' and 'v5e-256'")):
        with pytest.raises(UserError, match=error):
            load_config(f"{FOLDER}/finetune_1b.py:{form}")
