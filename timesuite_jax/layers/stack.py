"""A stack of equal layers, whose parameters are stacked along one leading axis.

Scanned, a layer compiles once whatever the depth; unrolled, XLA optimizes across layers (faster on CPU, slower to
compile). Both use the same parameters and give the same numbers; so do the rematerialization policies.
"""

from collections.abc import Callable
from typing import Any

import jax
from flax import linen as nn

# Chosen by a config: what the forward pass saves of a layer; the backward pass recomputes the rest.
REMAT_POLICIES: dict[str, Callable[..., Any] | None] = {
    "full": jax.checkpoint_policies.nothing_saveable,
    "dots": jax.checkpoint_policies.dots_with_no_batch_dims_saveable,
}


def run_stack(
    block: nn.Module,
    carry: Any,
    per_layer: Any = None,
    *shared: Any,
    length: int,
    unroll: bool = False,
    remat: str = "none",
    **static: Any,
) -> tuple[Any, Any]:
    """Applies `length` layers in sequence.

    Args:
      block: module called as `block(carry, layer_input, *shared, **static) -> (carry, layer_output)`. Its parameters
        get a leading axis of size `length`, logical name "layers", under the block's own name.
      carry: the first layer's input, such as the hidden states.
      per_layer: pytree of arrays with a leading axis of size `length`, a slice for each layer (e.g. a key-value cache).
      *shared: arrays that every layer reads (e.g. a mask).
      length: number of layers.
      unroll: compile the layers one by one instead of as a loop.
      remat: "none" or a name of `REMAT_POLICIES`.
      **static: Python values that every layer reads (e.g. `deterministic`).

    Returns:
      The last carry and the stacked layer outputs.

    Raises:
      ValueError: on an unknown `remat`.
    """
    if remat != "none" and remat not in REMAT_POLICIES:
        raise ValueError(f"remat={remat!r} is unknown; choose one of {['none', *REMAT_POLICIES]}")

    def body(module: nn.Module, carry: Any, layer_input: Any, *shared: Any) -> tuple[Any, Any]:
        return module(carry, layer_input, *shared, **static)

    if remat != "none":
        # prevent_cse is needed outside of loops only (XLA unrolls a loop of one iteration); within scan it costs speed.
        body = nn.remat(body, policy=REMAT_POLICIES[remat], prevent_cse=unroll or length == 1)
    scanned = nn.scan(
        body,
        variable_axes={"params": 0},
        split_rngs={"params": True, "dropout": True, "drop_path": True},
        in_axes=(0, *(nn.broadcast for _ in shared)),
        length=length,
        unroll=length if unroll else 1,
        metadata_params={nn.PARTITION_NAME: "layers"},
    )
    return scanned(block, carry, per_layer, *shared)
