"""Configs of action recognition: every run is built, as upstream's scripts have it."""

import importlib
import json

import pytest

from tests.support.paths import CONFIGS
from timesuite_jax.cli._configs import load_config
from timesuite_jax.configs.internvideo2.action import NO_DECAY
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.action.config import ActionConfig
from timesuite_jax.internvideo2.action.task import ActionTask
from timesuite_jax.training import TrainingSpec

FOLDER = CONFIGS / "internvideo2"
NAMES = ("finetune_1b", "finetune_6b", "finetune_distilled", "probe_attentive", "probe_linear")
FORMS = [
    f"{name}.py:{run}{debug}"
    for name in NAMES
    for run in importlib.import_module(f"timesuite_jax.configs.internvideo2.{name}").RUNS
    for debug in ("", ",debug")
]


@pytest.mark.parametrize("name", NAMES)
def test_every_run_is_built(name):
    for form in (form for form in FORMS if form.startswith(f"{name}.")):
        config = load_config(f"{FOLDER}/{form}", ["--config.model.num_classes=5"] if form.endswith("debug") else [])
        task, spec = ActionConfig.from_config(config), TrainingSpec.from_config(config.training)
        again = json.loads(json.dumps(config.to_dict()))
        assert ActionConfig.from_config(again) == task and TrainingSpec.from_config(again["training"]) == spec
        assert spec.optimizer.no_decay == NO_DECAY


@pytest.mark.parametrize(
    ("form", "rows", "rate", "epochs", "frames", "trained"),
    [
        # lr * batch * num_sample / 256, from the scripts of these names.
        ("finetune_1b.py:k710", 512, 1e-4, 9, 8, True),
        ("finetune_1b.py:k400_f16", 512, 2e-5, 3, 16, True),
        ("finetune_6b.py:ssv2", 512, 1.5e-4, 6, 8, True),
        ("finetune_distilled.py:small_k400", 2048, 1.6e-4, 5, 8, True),
        ("probe_attentive.py:1b_k710", 1024, 8e-4, 25, 16, False),
        ("probe_attentive.py:1b_ssv2", 1024, 8e-4, 25, 16, False),
        ("probe_linear.py:6b_stage2_hmdb51", 512, 4e-3, 20, 16, False),
        ("probe_linear.py:1b_ssv2", 1024, 4e-4, 25, 16, False),
    ],
)
def test_runs_of_upstream(form, rows, rate, epochs, frames, trained):
    config = load_config(f"{FOLDER}/{form}")
    task, spec = ActionTask.from_config(config), TrainingSpec.from_config(config.training)
    assert task.config.data.batch_size * task.config.data.num_sample == rows
    assert spec.optimizer.learning_rate == pytest.approx(rate) and spec.epochs == epochs
    batch = task.abstract_batch()["frames"]
    assert batch.shape == (rows, frames, 224, 224, 3)
    task.abstract_params()  # every pattern of trained parameters names some
    assert task.trainable(("vision", "blocks", "mlp", "fc1", "kernel")) == trained
    assert task.trainable(("head", "kernel"))


def test_an_unknown_run_is_an_error():
    with pytest.raises(UserError, match=r"variant 'k40' is unknown; did you mean 'k400'"):
        load_config(f"{FOLDER}/finetune_1b.py:k40")
