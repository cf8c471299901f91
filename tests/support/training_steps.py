"""Two steps of training on a mesh, from fresh parameters."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh

from timesuite_jax import parallel, param_tree, training
from timesuite_jax.checkpoints.train_state import TrainState
from timesuite_jax.training import TrainingSpec
from timesuite_jax.training.program import make_program
from timesuite_jax.training.randomness import root


def two_steps(
    task: training.Task, spec: TrainingSpec, mesh: Mesh, batch: Callable[[int], dict[str, np.ndarray]]
) -> tuple[Any, Any]:
    """Returns trained parameters and reports of the steps; `batch` makes the batch of a step."""
    program = make_program(task, spec, mesh)
    reports = []
    with parallel.mesh_context(mesh, program.rules):
        where = jax.tree.map(lambda leaf: leaf.sharding, program.targets)
        params = jax.jit(task.init, out_shardings=where)(root(0, "init"))
        trained, frozen = param_tree.split(params, task.trainable)
        where = jax.tree.map(lambda leaf: leaf.sharding, program.state)
        opt_state = jax.jit(program.optimizer.init, out_shardings=where.opt_state)(trained)
        state = TrainState(jax.device_put(np.int32(0), where.step), trained, opt_state)
        for number in range(2):
            rows = parallel.put_batch(batch(number), parallel.batch_sharding(mesh, program.rules))
            state, report = program.step(state, frozen, rows, root(0, "train"))
            reports.append(jax.device_get(report))
    return jax.device_get(state.params), reports


def assert_params_close(actual: Any, desired: Any, *, atol: float) -> None:
    """Compares parameters after steps of Adam, without the biases of attention keys.

    A step of Adam is as long as the learning rate whatever the gradient. Gradients of what is added to every key are
    zero, since the softmax cancels it; in float32 they are rounding errors, of any sign on any mesh.
    """
    pairs = zip(param_tree.leaves_with_paths(actual), param_tree.leaves_with_paths(desired), strict=True)
    for (path, value), (other, expected) in pairs:
        assert path == other
        if path[-2:] not in {("key", "bias"), ("norm_key", "bias")}:
            np.testing.assert_allclose(value, expected, rtol=1e-5, atol=atol, err_msg="/".join(path))
