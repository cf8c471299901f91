"""Configs of pretraining and distillation: every run is built, as upstream's scripts have it."""

import json

import pytest

from tests.support.paths import CONFIGS
from timesuite_jax import param_tree, registry
from timesuite_jax.cli._configs import load_config
from timesuite_jax.internvideo2.reconstruction import ReconstructionConfig
from timesuite_jax.layers import unbox
from timesuite_jax.training import TrainingSpec

FOLDER = CONFIGS / "internvideo2"
RUNS = {  # form -> clips of a batch, peak rate, epochs, warm-up epochs, clipping, visible patches, frames of the data
    "pretrain_1b.py": (4096, 2.4e-3, 301, 40, 3.0, 416, 16),
    "pretrain_6b.py": (2048, 1.2e-3, 301, 40, 3.0, 416, 16),
    "distill.py:small": (4096, 1.6e-2, 101, 20, 5.0, 410, 8),
    "distill.py:base": (4096, 1.6e-2, 101, 20, 5.0, 410, 8),
    "distill.py:large": (2048, 8e-3, 101, 20, 5.0, 410, 8),
}


@pytest.mark.parametrize("form", RUNS)
def test_runs_of_upstream(form):
    batch, rate, epochs, warmup, clip_norm, visible, frames = RUNS[form]
    config = load_config(f"{FOLDER}/{form}")
    task, spec = registry.build(config), TrainingSpec.from_config(config.training)
    assert task.config.visible == visible
    assert task.abstract_batch()["frames"].shape == (batch, frames, 224, 224, 3)
    optimizer = spec.optimizer
    assert optimizer.learning_rate == pytest.approx(rate) and (spec.epochs, optimizer.warmup_epochs) == (epochs, warmup)
    assert (optimizer.b1, optimizer.b2, optimizer.eps, optimizer.weight_decay) == (0.9, 0.98, 1e-6, 0.05)
    assert optimizer.clip_norm == clip_norm
    assert optimizer.min_lr_ratio * rate == pytest.approx(1e-5 * batch / 256)


def test_layers_of_the_teachers():
    layers = registry.build(load_config(f"{FOLDER}/distill.py")).config.model
    assert layers.teacher.collected == (23, 26, 29, 33, 36, 39) and layers.student.collected == tuple(range(6, 12))
    stage1 = registry.build(load_config(f"{FOLDER}/pretrain_1b.py")).config.model
    assert stage1.teacher.collected == tuple(range(42, 48)) and stage1.mae_layers == (36, 37, 38, 39)


def test_only_the_student_is_trained():
    task = registry.build(load_config(f"{FOLDER}/pretrain_1b.py"))
    sizes = {True: 0, False: 0}
    for path, leaf in param_tree.leaves_with_paths(unbox(task.abstract_params())):
        sizes[task.trainable(path)] += leaf.size
    assert 1.02e9 < sizes[True] < 1.1e9 and 6.9e9 < sizes[False] < 7.0e9


@pytest.mark.parametrize(
    "form", [*RUNS, "pretrain_1b.py:debug", "pretrain_6b.py:debug", "distill.py:debug", "distill.py:small,v5e-256"]
)
def test_a_config_is_unchanged_by_saving(form):
    config = load_config(f"{FOLDER}/{form}")
    again = json.loads(json.dumps(config.to_dict()))
    assert ReconstructionConfig.from_config(again) == ReconstructionConfig.from_config(config)
    task = registry.families.task_class(config)
    model = json.loads(json.dumps(task.model_config(config)))
    assert ReconstructionConfig.from_config({**again, "model": model}) == ReconstructionConfig.from_config(config)
