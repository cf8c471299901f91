"""The small forms of pretraining and distillation learn from mp4s, resume bitwise, and are the same on 8 devices."""

from pathlib import Path

import jax
import numpy as np
import pytest
from ml_collections import ConfigDict

from tests.support.paths import CONFIGS
from tests.support.short_training import leaves, train
from tests.support.training_steps import assert_params_close, two_steps
from timesuite_jax import parallel, param_tree, registry
from timesuite_jax.cli._configs import load_config
from timesuite_jax.parallel import MeshSpec
from timesuite_jax.training import TrainingSpec

# Both are one task of other sizes.
NAMES = ("pretrain_1b", pytest.param("distill", marks=pytest.mark.nightly))


def small_config(name: str, corpus: Path) -> ConfigDict:
    """`configs/internvideo2/<name>.py:debug` on a corpus."""
    config = load_config(f"{CONFIGS}/internvideo2/{name}.py:debug")
    config.data.update(corpora=(str(corpus),))
    return config


@pytest.mark.parametrize("name", NAMES)
def test_learning_and_resuming(name, action_corpus, tmp_path):
    first = train(small_config(name, action_corpus), tmp_path / "stopped", 10)
    last = train(small_config(name, action_corpus), tmp_path / "stopped", 20)
    terms = {"layers", "pooled"} | ({"mae_layers"} if name == "pretrain_1b" else set())
    assert terms <= set(last.metrics)
    assert last.metrics["loss"] < 0.8 * first.metrics["loss"]
    assert set(last.frozen) == {"teacher", *(["mae_teacher"] if name == "pretrain_1b" else [])}
    again = train(small_config(name, action_corpus), tmp_path / "whole", 20)
    for path, leaf in leaves(again.state.params).items():
        np.testing.assert_array_equal(leaf, leaves(last.state.params)[path], err_msg="/".join(path))


def batch_of(frames: int):
    def batch(seed: int) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(seed)
        return {
            "frames": rng.integers(0, 256, (8, frames, 28, 28, 3), np.uint8),
            "label": np.full(8, -1, np.int32),
            "valid": np.arange(8) != 3,
            "sample": np.arange(8, dtype=np.int32),
        }

    return batch


@pytest.mark.parametrize("name", NAMES)
def test_eight_devices_equal_one(name, action_corpus):
    config = small_config(name, action_corpus)
    config.training.optimizer.update(warmup_steps=0.0)
    task, spec = registry.build(config), TrainingSpec.from_config(config.training)
    batch = batch_of(task.config.model.frames)
    alone = two_steps(task, spec, parallel.make_mesh(MeshSpec(), jax.devices()[:1]), batch)
    together = two_steps(task, spec, parallel.make_mesh(MeshSpec(data=2, fsdp=4)), batch)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), together[1], alone[1])
    # Rounding of gradients near zero is magnified to a part of the learning rate, 3e-3.
    assert_params_close(together[0], alone[0], atol=1e-5)


def test_rows_of_dropped_samples_have_no_weight(action_corpus):
    """The loss of a batch with an invalid row is that of the other rows."""
    task = registry.build(small_config("distill", action_corpus))
    params = task.init(jax.random.key(0))
    trained, frozen = param_tree.split(params, task.trainable)
    batch = batch_of(task.config.model.frames)(0)
    loss = jax.jit(task.loss)
    total, weight, _ = loss(trained, frozen, batch, jax.random.key(1))
    other = {**batch, "frames": np.where(batch["valid"][:, None, None, None, None], batch["frames"], np.uint8(255))}
    np.testing.assert_array_equal(total, loss(trained, frozen, other, jax.random.key(1))[0])
    assert float(weight) == 7
