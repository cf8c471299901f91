"""The step: microbatches and meshes change only the order of additions."""

from typing import Any

import jax
import numpy as np
import pytest
from jax.sharding import Mesh

from tests.support.toy_task import ToyData, ToyTask, toy_spec
from timesuite_jax import parallel, param_tree, training
from timesuite_jax.checkpoints.train_state import TrainState
from timesuite_jax.parallel import MeshSpec
from timesuite_jax.training import abstract_state, optimizer, schedule
from timesuite_jax.training.randomness import root

MESHES = [
    MeshSpec(data=1, fsdp=8),
    MeshSpec(replica=2, data=4),
    MeshSpec(data=2, fsdp=2, tensor=2),
]


def one_device() -> Mesh:
    return parallel.make_mesh(MeshSpec(), jax.devices()[:1])


def three_steps(task: ToyTask, mesh: Mesh, accumulate: int = 1) -> tuple[dict[str, Any], list[Any]]:
    """Parameters and reports of three steps from fresh parameters."""
    spec, rules = toy_spec(), parallel.DEFAULT_RULES
    boxed = task.abstract_params()
    trainable = param_tree.split(boxed, task.trainable)[0]
    adamw = optimizer.build(spec, trainable)
    targets = parallel.abstract_arrays(boxed, mesh, rules)
    abstract = abstract_state(adamw, param_tree.split(targets, task.trainable)[0], mesh)
    where = jax.tree.map(lambda leaf: leaf.sharding, abstract)
    reports = []
    with parallel.mesh_context(mesh, rules):
        params = jax.jit(task.init, out_shardings=jax.tree.map(lambda x: x.sharding, targets))(root(0, "init"))
        trained, frozen = param_tree.split(params, task.trainable)
        zero = jax.device_put(np.int32(0), where.step)
        state = TrainState(zero, trained, jax.jit(adamw.init, out_shardings=where.opt_state)(trained))
        step = training.make_step(task, adamw, schedule.build(spec), accumulate)
        step = jax.jit(step, donate_argnums=0, out_shardings=(where, None))
        data = ToyData(task, seed=1)
        for _ in range(3):
            batch = parallel.put_batch(next(data), parallel.batch_sharding(mesh, rules))
            old = jax.tree.leaves(state)
            state, report = step(state, frozen, batch, root(0, "train"))
            reports.append(jax.device_get(report))
            assert all(leaf.is_deleted() for leaf in old), "the state must be donated"
    return jax.device_get(state.params), reports


def agree(actual: Any, expected: Any, rtol: float) -> None:
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-6), actual, expected)


@pytest.fixture(scope="module")
def alone() -> tuple[Any, Any]:
    return three_steps(ToyTask(), one_device())


@pytest.mark.parametrize("spec", MESHES, ids=lambda spec: "x".join(map(str, spec.resolve(8))))
def test_every_mesh_gives_the_numbers_of_one_device(spec: MeshSpec, alone: tuple[Any, Any]):
    params, reports = three_steps(ToyTask(), parallel.make_mesh(spec))
    agree(reports, alone[1], 1e-5)  # losses, gradient norms, metrics, with dropout on
    agree(params, alone[0], 1e-5)


@pytest.mark.parametrize("accumulate", [2, 4])
def test_microbatches_give_the_gradient_of_the_whole_batch(accumulate: int):
    task = ToyTask(dropout=False)
    mesh = parallel.make_mesh(MeshSpec(data=2, fsdp=2, tensor=2)) if accumulate == 4 else one_device()
    expected = three_steps(task, one_device())
    actual = three_steps(task, mesh, accumulate)
    agree(actual[1], expected[1], 1e-5)
    agree(actual[0], expected[0], 1e-5)


def test_microbatches_draw_their_own_dropout(alone: tuple[Any, Any]):
    split = three_steps(ToyTask(), one_device(), 2)
    assert not np.allclose(alone[1][0][0]["loss"], split[1][0][0]["loss"], rtol=1e-3)


def test_a_non_finite_loss_is_reported():
    data = ToyData(ToyTask(), seed=1)
    next(data)
    bad = int(next(data)["sample"][0])
    reports = three_steps(ToyTask(bad_sample=bad), one_device())[1]
    assert [bool(finite) for _, finite in reports] == [True, False, False]
