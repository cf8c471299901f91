"""What training changes: the step, the trainable parameters and the optimizer's memory of them."""

from typing import Any

import flax.struct
from jaxtyping import Array, Int

from timesuite_jax.param_tree import Params


@flax.struct.dataclass
class TrainState:
    """State of a run between two steps. Frozen parameters and the random seed never change and stand elsewhere."""

    step: Int[Array, ""]  # finished steps
    params: Params  # trainable ones only
    opt_state: Any
