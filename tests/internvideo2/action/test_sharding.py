"""Training steps of every kind of classifier on eight devices equal those on one."""

import jax
import numpy as np
import pytest

from tests.support.action_config import small_config
from tests.support.training_steps import assert_params_close, two_steps
from timesuite_jax import parallel, param_tree
from timesuite_jax.internvideo2.action.task import ActionTask
from timesuite_jax.parallel import MeshSpec
from timesuite_jax.training import TrainingSpec
from timesuite_jax.training.randomness import root

KINDS = {
    "fine-tuning": {"vision": {"drop_path": 0.3}, "head_dropout": 0.2},
    "probe with BatchNorm": {"merge": "cls_avgN_proj", "merge_norm": "kaiming_BN"},
}


def batch(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "frames": rng.integers(0, 256, (8, 4, 28, 28, 3), np.uint8),
        "label": rng.integers(0, 4, 8).astype(np.int32),
        "valid": np.arange(8) != 3,
        "sample": np.arange(8, dtype=np.int32),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_eight_devices_equal_one(action_corpus, kind):
    config = small_config(action_corpus, **KINDS[kind])
    config["mixing"]["probability"] = 1.0
    if kind != "fine-tuning":
        config["trained"] = ("head/*", "down/*")
    config["training"]["optimizer"].update(learning_rate=1e-3, warmup_steps=0.0)
    task, spec = ActionTask.from_config(config), TrainingSpec.from_config(config["training"])
    alone = two_steps(task, spec, parallel.make_mesh(MeshSpec(), jax.devices()[:1]), batch)
    together = two_steps(task, spec, parallel.make_mesh(MeshSpec(data=2, fsdp=4)), batch)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), together[1], alone[1])
    # Rounding of gradients near zero is magnified to a part of the learning rate, 1e-3.
    assert_params_close(together[0], alone[0], atol=1e-5)
    fresh = jax.device_get(param_tree.split(jax.jit(task.init)(root(0, "init")), task.trainable)[0])
    moved = jax.tree.map(lambda a, b: np.abs(a - b).max(), alone[0], fresh)
    assert moved["head"]["kernel"] > 0
    if kind != "fine-tuning":
        assert set(alone[0]) == {"head", "down", "down_norm"} and min(moved["down_norm"].values()) > 0
