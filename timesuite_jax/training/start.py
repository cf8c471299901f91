"""Restores or initialises the state of a run.

The first that applies:
  1. the newest valid checkpoint in the run's own folder (a restart resumes where it was stopped);
  2. the task's initial weights, and fresh parameters where those have none;
  3. fresh parameters.
In every case parameters are created with their final shardings: shapes first, then shardings, then arrays.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from timesuite_jax import param_tree
from timesuite_jax.checkpoints.differences import differences
from timesuite_jax.checkpoints.manager import Checkpoints
from timesuite_jax.checkpoints.train_state import TrainState
from timesuite_jax.param_tree import Params
from timesuite_jax.training import randomness
from timesuite_jax.training.program import Program
from timesuite_jax.training.task import Task


class Start(NamedTuple):
    """Where a run begins."""

    state: TrainState
    frozen: Params
    data: dict[str, Any] | None  # position of the data; None: the beginning
    config: dict[str, Any] | None  # of the checkpoint; None: a new run
    origin: str  # for the log


def start(task: Task, program: Program, checkpoints: Checkpoints, seed: int) -> Start:
    """Restores or initialises the state that training starts from.

    Args:
      task: that is trained.
      program: of the run; gives shapes and shardings.
      checkpoints: of the run's folder.
      seed: of the run.

    Raises:
      UserError: if the folder's checkpoint, or the imported weights, belong to another model.
    """
    if checkpoints.steps():
        step = checkpoints.check_step(None)
        run = checkpoints.restore(step, program.state, program.frozen)
        return Start(run.state, run.frozen, run.data, run.config, f"resumed at step {step} of this folder's run")

    targets = program.targets
    weights = task.initial_weights()
    given = {} if weights is None else weights.load(targets)
    paths = {path for path, _ in param_tree.leaves_with_paths(given)}
    placed = param_tree.split(targets, lambda path: path in paths)[0]
    if weights is not None and (wrong := differences(given, placed)):
        raise ValueError(f"{weights.source} returned other shapes or dtypes than requested: {wrong}")
    params = param_tree.merge(given, _fresh(task, targets, paths, seed))
    origin = "fresh parameters"
    if weights is not None:
        total = len(dict(param_tree.leaves_with_paths(targets)))
        origin = f"{len(paths)} of {total} tensors from {weights.source}, the others fresh"

    trained, frozen = param_tree.split(params, task.trainable)
    del params, given
    where = jax.tree.map(lambda leaf: leaf.sharding, program.state)
    opt_state = jax.jit(program.optimizer.init, out_shardings=where.opt_state)(trained)
    count = jax.device_put(jnp.zeros((), jnp.int32), where.step)
    return Start(TrainState(step=count, params=trained, opt_state=opt_state), frozen, None, None, origin)


def _fresh(task: Task, targets: Params, known: set[param_tree.ParamPath], seed: int) -> Params:
    """Initialises the parameters that are not `known`; the compiler removes the computation of the others."""
    wanted = param_tree.split(targets, lambda path: path not in known)[0]
    if not wanted:
        return {}

    def init(rng: jax.Array) -> Params:
        return param_tree.split(task.init(rng), lambda path: path not in known)[0]

    where = jax.tree.map(lambda leaf: leaf.sharding, wanted)
    return jax.jit(init, out_shardings=where)(randomness.root(seed, "init"))
