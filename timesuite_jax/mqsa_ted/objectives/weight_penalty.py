"""L2 regularisation as a part of the loss, whose gradient passes through the optimizer's moments, unlike AdamW's decay.

MQSA-TED (upstream's `loss_reg`) applies it to every trainable parameter: tables, kernels, biases and norm scales.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def half_squared_norm(params: Any) -> Float[Array, ""]:
    """Computes half the sum of squares of all leaves, like TensorFlow's `l2_loss`."""
    return sum((0.5 * jnp.sum(jnp.square(leaf)) for leaf in jax.tree.leaves(params)), start=jnp.float32(0.0))
