"""Random parameters for which no program is compiled: that of a model's initialization takes as long as a test."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn


def random_params(init: Callable[..., Any], *inputs: Any) -> dict[str, Any]:
    """Normal values of the usual size, 0.02, in place of what `init` gives; scales are around 1.

    Args:
      init: of a module.
      inputs: arguments of `init` after the key.
    """
    rng = np.random.default_rng(0)

    def draw(path: tuple[Any, ...], leaf: jax.ShapeDtypeStruct) -> jax.Array:
        centre = float(path[-1].key == "scale")
        return jnp.asarray(centre + 0.02 * rng.standard_normal(leaf.shape), leaf.dtype)

    return jax.tree_util.tree_map_with_path(draw, nn.meta.unbox(jax.eval_shape(init, jax.random.key(0), *inputs)))
