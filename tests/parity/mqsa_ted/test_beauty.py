"""Losses of the first steps on the paper's Beauty dataset equal upstream's.

The data are not in this repository: they are read from the folder `interactions/` next to that of the goldens
(`--goldens DIR`), and the test is skipped if it is absent. `pytest -m nightly` runs it.
"""

import json
from pathlib import Path

import jax
import numpy as np
import pytest

from tests.support.paths import CONFIGS
from timesuite_jax import training
from timesuite_jax.checkpoints.train_state import TrainState
from timesuite_jax.cli._configs import load_config
from timesuite_jax.mqsa_ted import port_table
from timesuite_jax.mqsa_ted.task import MqsaTedTask
from timesuite_jax.training import TrainingSpec, schedule
from timesuite_jax.training.step import make_step

CONFIG = CONFIGS / "mqsa_ted" / "beauty.py"
SEED = 12345  # seed of the reference's variables
# Maximum differences between the reference and a second implementation, both in float32.
ATOL = {"loss": 6e-6, "next_item": 3e-6, "distillation": 3.3e-5}


def reference_params(task: MqsaTedTask) -> dict:
    """Draws the initial variables of the reference, in order of creation."""
    table, rng = port_table.build(port_table.MqsaSizes(blocks=1)), np.random.RandomState(SEED)
    shapes = jax.eval_shape(task.init, jax.random.key(0))
    shapes = table.to_torch(jax.tree.map(lambda leaf: np.zeros(leaf.shape, np.float32), shapes))
    drawn = {}
    for name in table.torch_names:
        shape = shapes[name].shape
        if "embedding" in name:
            drawn[name] = rng.standard_normal(shape) * 0.01
        elif name.endswith("kernel"):
            drawn[name] = rng.uniform(-1, 1, shape) * np.sqrt(6 / sum(shape))
        else:
            drawn[name] = np.full(shape, float(table.entries[name].jax.endswith("/scale")))
    return table.to_tree({name: value.astype(np.float32) for name, value in drawn.items()})


@pytest.mark.nightly
def test_first_losses(goldens: Path):
    folder = goldens.parent / "interactions"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    reference = json.loads((folder / "beauty_first_batches.json").read_text())["deterministic"]["losses_total_rec_kd"]
    overrides = [f"--config.data.path={folder / 'beauty.npz'}", "--config.model.dropout=0.0"]
    config = load_config(str(CONFIG), overrides)
    task, spec = MqsaTedTask.from_config(config), TrainingSpec.from_config(config.training)
    optimizer = training.optimizer.build(spec, task.abstract_params())
    params = jax.tree.map(jax.numpy.asarray, reference_params(task))
    state = TrainState(step=jax.numpy.int32(0), params=params, opt_state=optimizer.init(params))
    step = jax.jit(make_step(task, optimizer, schedule.build(spec)), donate_argnums=0)
    data = task.train_data(seed=spec.seed, process_index=0, process_count=1)
    found = []
    for _ in reference:
        state, (metrics, _) = step(state, {}, next(data), jax.random.key(0))
        found.append([float(metrics[name][0]) / float(metrics[name][1]) for name in ATOL])
    error = np.abs(np.array(found) - np.array(reference)).max(axis=0)
    assert np.all(error <= list(ATOL.values())), dict(zip(ATOL, error, strict=True))
