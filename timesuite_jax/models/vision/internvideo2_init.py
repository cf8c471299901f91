"""The part of InternVideo2's initialisation that depends on the number of a block (`fix_init_weight` upstream)."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

_RESCALED = ("attn/proj/kernel", "mlp/fc2/kernel")


def rescale_blocks(blocks: dict[str, Any]) -> dict[str, Any]:
    """Divides the last kernel of both branches of block i by the square root of 2 (i + 1).

    Args:
      blocks: stacked parameters of the blocks.
    """

    def rescale(path: tuple[Any, ...], leaf: Float[Array, "L ..."]) -> Float[Array, "L ..."]:
        if jax.tree_util.keystr(path, simple=True, separator="/") not in _RESCALED:
            return leaf
        factor = jnp.sqrt(2.0 * jnp.arange(1, len(leaf) + 1, dtype=jnp.float32)).astype(leaf.dtype)
        return leaf / jnp.broadcast_to(factor[:, None, None], leaf.shape)

    return jax.tree_util.tree_map_with_path(rescale, blocks)
