"""Shapes and shardings of a training state."""

from typing import Any

import jax
import optax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from timesuite_jax.checkpoints.train_state import TrainState
from timesuite_jax.param_tree import Params


def abstract_state(optimizer: optax.GradientTransformation, trainable: Params, mesh: Mesh) -> TrainState:
    """Shapes, dtypes and shardings of the state: moments are sharded as their parameter, scalars replicated.

    Args:
      optimizer: of the run.
      trainable: nested dict of `jax.ShapeDtypeStruct` with shardings.
      mesh: the devices.
    """
    replicated = NamedSharding(mesh, PartitionSpec())

    def at(leaf: Any, sharding: NamedSharding) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding)

    opt_state = optax.tree_map_params(
        optimizer,
        lambda leaf, param: at(leaf, param.sharding),
        jax.eval_shape(optimizer.init, trainable),
        trainable,
        transform_non_params=lambda leaf: at(leaf, replicated),
    )
    step: Any = jax.ShapeDtypeStruct((), "int32", sharding=replicated)
    return TrainState(step=step, params=trainable, opt_state=opt_state)
