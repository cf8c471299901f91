"""L2 regularisation as a part of the loss, so that it passes through the optimizer like any gradient.

Not the decay of AdamW, which goes around the moments. MQSA-TED (upstream's `loss_reg`) takes it over every trainable
parameter: tables, kernels, biases and the norms' scales.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def half_squared_norm(params: Any) -> Float[Array, ""]:
    """Half the sum of squares of all leaves (TensorFlow's `l2_loss`); multiply it by the rate."""
    return sum((0.5 * jnp.sum(jnp.square(leaf)) for leaf in jax.tree.leaves(params)), start=jnp.float32(0.0))
