"""The part of a run that training changes: step, trainable parameters and optimizer state."""

from typing import Any

import flax.struct
from jaxtyping import Array, Int

from timesuite_jax.param_tree import Params


@flax.struct.dataclass
class TrainState:
    """State of a run between two steps. Frozen parameters and the random seed never change and are kept elsewhere."""

    step: Int[Array, ""]  # finished steps
    params: Params  # trainable parameters only
    opt_state: Any
