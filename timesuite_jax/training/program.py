"""What a run compiles, before any array exists: shapes, shardings and the step. Used by training and ahead of time."""

from typing import NamedTuple

import jax
import optax
from jax.sharding import Mesh

from timesuite_jax import parallel, param_tree
from timesuite_jax.checkpoints.train_state import TrainState
from timesuite_jax.param_tree import Params
from timesuite_jax.training import optimizer as optimizers
from timesuite_jax.training import schedule
from timesuite_jax.training.config import TrainingSpec
from timesuite_jax.training.state import abstract_state
from timesuite_jax.training.step import make_step
from timesuite_jax.training.task import Task


class Program(NamedTuple):
    """A task, its optimizer and its mesh; arrays are `jax.ShapeDtypeStruct` with shardings."""

    mesh: Mesh
    rules: parallel.Rules
    targets: Params  # all parameters
    state: TrainState
    frozen: Params
    optimizer: optax.GradientTransformation
    step: jax.stages.Wrapped  # a jitted `StepFunction` that donates the state


def make_program(task: Task, spec: TrainingSpec, mesh: Mesh) -> Program:
    """Traces shapes and jits the step; nothing is compiled yet.

    Raises:
      UserError: if the mesh does not fit the model, or a rule names no axis.
    """
    rules = parallel.make_rules(spec.rules, mesh)
    boxed = task.abstract_params()
    targets = parallel.abstract_arrays(boxed, mesh, rules)
    trainable = param_tree.split(boxed, task.trainable)[0]
    optimizer = optimizers.build(spec, trainable, task.learning_rate_scale, task.is_statistic)
    trainable, frozen = param_tree.split(targets, task.trainable)
    state = abstract_state(optimizer, trainable, mesh)
    step = jax.jit(
        make_step(task, optimizer, schedule.build(spec), spec.accumulate),
        donate_argnums=0,
        out_shardings=(jax.tree.map(lambda leaf: leaf.sharding, state), None),
        compiler_options=parallel.compiler_options(mesh.devices.flat[0].platform),
    )
    return Program(mesh, rules, targets, state, frozen, optimizer, step)
