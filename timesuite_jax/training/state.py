"""What training changes: the step, the trainable parameters and the optimizer's memory of them."""

from typing import Any

import flax.struct
import jax
import optax
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Int

from timesuite_jax.training.task import Params


@flax.struct.dataclass
class TrainState:
    """State of a run between two steps. Frozen parameters and the random seed never change and stand elsewhere."""

    step: Int[Array, ""]  # finished steps
    params: Params  # trainable ones only
    opt_state: Any


def abstract_state(optimizer: optax.GradientTransformation, trainable: Params, mesh: Mesh) -> TrainState:
    """Shapes, dtypes and shardings of the state: moments lie where their parameter lies, scalars everywhere.

    Args:
      optimizer: of the run.
      trainable: nested dict of `jax.ShapeDtypeStruct` with shardings.
      mesh: the devices.
    """
    everywhere = NamedSharding(mesh, PartitionSpec())

    def at(leaf: Any, sharding: NamedSharding) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding)

    opt_state = optax.tree_map_params(
        optimizer,
        lambda leaf, param: at(leaf, param.sharding),
        jax.eval_shape(optimizer.init, trainable),
        trainable,
        transform_non_params=lambda leaf: at(leaf, everywhere),
    )
    step: Any = jax.ShapeDtypeStruct((), "int32", sharding=everywhere)
    return TrainState(step=step, params=trainable, opt_state=opt_state)
