"""A stack of equal layers, whose parameters are stacked along one leading axis.

Scanned, a layer compiles once whatever the depth; unrolled, XLA optimizes across layers (faster on CPU, slower to
compile). Both use the same parameters and give the same numbers; so do the rematerialization policies.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Array, Shaped

from timesuite_jax.layers.attention import SAVED_ATTENTION

# Chosen by a config: what the forward pass saves of a layer; the backward pass recomputes the rest. On CPU "dots" saves
# attention too; the results of kernels have no name.
REMAT_POLICIES: dict[str, Callable[..., Any] | None] = {
    "full": jax.checkpoint_policies.nothing_saveable,
    "dots": jax.checkpoint_policies.save_from_both_policies(
        jax.checkpoint_policies.dots_with_no_batch_dims_saveable,
        jax.checkpoint_policies.save_only_these_names(SAVED_ATTENTION),
    ),
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
    body = _layer(remat, prevent_cse=unroll or length == 1, **static)
    return _scan(body, length, unroll, shared)(block, carry, per_layer, *shared)


def run_stack_collecting(
    block: nn.Module,
    carry: Shaped[Array, "..."],
    per_layer: Any = None,
    *shared: Any,
    collect: Sequence[int],
    length: int,
    unroll: bool = False,
    remat: str = "none",
    **static: Any,
) -> tuple[Shaped[Array, "..."], Shaped[Array, "layers ..."]]:
    """Applies `length` layers and returns the last carry and those after the layers `collect`.

    The collected carries are written into one array on the way: as layer outputs of `run_stack`, those of all layers
    would be in memory.

    Args:
      block: see `run_stack`; its layer outputs are dropped.
      carry: an array.
      per_layer: see `run_stack`.
      *shared: see `run_stack`.
      collect: numbers of layers, ascending.
      length: see `run_stack`.
      unroll: see `run_stack`.
      remat: see `run_stack`.
      **static: see `run_stack`.

    Raises:
      ValueError: on an unknown `remat`, or if `collect` does not ascend within 0 to `length - 1`.
    """
    if list(collect) != sorted({number for number in collect if 0 <= number < length}):
        raise ValueError(f"collect={tuple(collect)} must ascend within 0 to {length - 1}")
    layer = _layer(remat, prevent_cse=unroll or length == 1, **static)

    def body(module: nn.Module, state: tuple[Array, Array], inputs: Any, *shared: Any) -> tuple[Any, None]:
        (carry, collected), (slot, layer_input) = state, inputs
        carry, _ = layer(module, carry, layer_input, *shared)
        return (carry, jax.lax.dynamic_update_index_in_dim(collected, carry, slot, axis=0)), None

    slots = np.full(length, len(collect), np.int32)  # the last slot takes what is not collected
    slots[list(collect)] = np.arange(len(collect))
    buffer = jnp.zeros((len(collect) + 1, *carry.shape), carry.dtype)
    scanned = _scan(body, length, unroll, shared)
    (carry, collected), _ = scanned(block, (carry, buffer), (jnp.asarray(slots), per_layer), *shared)
    return carry, collected[: len(collect)]


def _layer(remat: str, *, prevent_cse: bool, **static: Any) -> Callable[..., Any]:
    """One layer as a function of its module; `prevent_cse` is needed outside of loops only."""
    if remat != "none" and remat not in REMAT_POLICIES:
        raise ValueError(f"remat={remat!r} is unknown; choose one of {['none', *REMAT_POLICIES]}")

    def body(module: nn.Module, carry: Any, layer_input: Any, *shared: Any) -> tuple[Any, Any]:
        return module(carry, layer_input, *shared, **static)

    if remat == "none":
        return body
    # XLA unrolls a loop of one iteration; within longer ones preventing CSE costs speed.
    return nn.remat(body, policy=REMAT_POLICIES[remat], prevent_cse=prevent_cse)


def _scan(body: Callable[..., Any], length: int, unroll: bool, shared: Sequence[Any]) -> Callable[..., Any]:
    return nn.scan(
        body,
        variable_axes={"params": 0},
        split_rngs={"params": True, "dropout": True, "drop_path": True},
        in_axes=(0, *(nn.broadcast for _ in shared)),
        length=length,
        unroll=length if unroll else 1,
        metadata_params={nn.PARTITION_NAME: "layers"},
    )
