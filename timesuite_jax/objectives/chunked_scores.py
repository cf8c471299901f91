"""Losses of rows of scores over all items, where neither all rows nor all scores exist at one time.

Of a batch of padded histories nine slots in ten are padding, and each slot that is not has a score for every item. Here
the slots that count are gathered to the front and handled a chunk at a time, as many chunks as there are. A loss gives
its gradient by the chunk's scores together with its value, so that the products with the item table are three (scores,
and the gradients of rows and table) and nothing is computed twice or kept for later.

Under a mesh each device goes through its own rows and its own part of the items (see `layers.item_shards`).
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from timesuite_jax.layers import Shard, shard_map_scores

# (shard, scores [C V] of its items, what belongs to these rows [C ...], what belongs to all) -> (losses [C], slope
# [C V], scale [C]): the gradient by the scores is `scale[:, None] * slope`, so that no pass over all scores is needed
# to normalise them. It must be a function of module level: it is a static argument of the compiled program.
RowLoss = Callable[[Shard, Array, Any, Any], tuple[Float[Array, " C"], Float[Array, "C V"], Float[Array, " C"]]]
# Scores enter exponentials, and with a temperature of 0.1 ten times enlarged: no half-precision passes in them.
_EXACT = jax.lax.Precision.HIGHEST


class _Inputs(NamedTuple):
    """What the loss can be differentiated by."""

    rows: Float[Array, "R D"]
    table: Float[Array, "V D"]


def item_rows(
    loss: RowLoss,
    rows: Float[Array, "R D"],
    table: Float[Array, "V D"],
    counts: Bool[Array, " R"],
    of_rows: Any,
    of_all: Any,
    *,
    chunk: int,
    items: int | None = None,
) -> Float[Array, ""]:
    """Sum of a loss over the rows that count; differentiable by `rows` and `table`.

    Args:
      loss: see `RowLoss`. Its scores are `rows @ table.T`.
      rows: one vector a slot, of any number of histories.
      table: one vector an item.
      counts: rows that count; the others get a gradient of exactly zero.
      of_rows: pytree of arrays [R, ...] that go with the rows to `loss`.
      of_all: pytree of arrays that every chunk reads.
      chunk: rows whose scores exist at one time.
      items: rows of the table that are items, where the last ones are none; those have a score of minus infinity.

    Raises:
      ValueError: if `chunk` is not positive.
      UserError: if the mesh's devices do not divide the rows or the items.
    """
    if chunk < 1:
        raise ValueError(f"chunk={chunk}; it must be at least 1")
    return _summed(loss, chunk, items, _Inputs(rows, table), counts, of_rows, of_all)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def _summed(
    loss: RowLoss, chunk: int, items: int | None, inputs: _Inputs, counts: Array, of_rows: Any, of_all: Any
) -> Array:
    return _run(loss, chunk, items, inputs, counts, of_rows, of_all, with_gradient=False)[0]


def _forward(loss: RowLoss, chunk: int, items: int | None, *args: Any) -> tuple[Array, _Inputs]:
    return _run(loss, chunk, items, *args, with_gradient=True)


def _backward(loss: RowLoss, chunk: int, items: int | None, grads: _Inputs, cotangent: Array) -> tuple:
    return jax.tree.map(lambda g: g * cotangent, grads), None, None, None


_summed.defvjp(_forward, _backward)


def _run(
    loss: RowLoss,
    chunk: int,
    items: int | None,
    inputs: _Inputs,
    counts: Array,
    of_rows: Any,
    of_all: Any,
    *,
    with_gradient: bool,
) -> tuple[Array, _Inputs]:
    """The sum, and its gradients (zeros unless asked for)."""
    work = functools.partial(_on_one_device, loss, chunk, with_gradient)
    out = "whole", _Inputs("rows", "table")
    return shard_map_scores(work, (inputs.rows, counts, of_rows), inputs.table, of_all, out, items=items)


def _on_one_device(
    loss: RowLoss, chunk: int, with_gradient: bool, shard: Shard, by_row: Any, table: Array, of_all: Any
) -> tuple[Array, _Inputs]:
    rows, counts, of_rows = by_row
    number = rows.shape[0]
    chunk = min(chunk, number)
    # A stable sort puts the rows that count first and keeps their order; beyond the last there is no row `number`.
    order = jnp.pad(jnp.argsort(jnp.logical_not(counts), stable=True), (0, -number % chunk), constant_values=number)
    counted = jnp.sum(counts)

    def body(i: Array, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        total, d_rows, d_columns = state
        index = jax.lax.dynamic_slice_in_dim(order, i * chunk, chunk)
        real = i * chunk + jnp.arange(chunk) < counted
        x, of_these = jax.tree.map(lambda leaf: jnp.take(leaf, index, axis=0, mode="clip"), (rows, of_rows))
        scores = shard.of_items(jnp.einsum("CD,VD->CV", x, table, precision=_EXACT), -jnp.inf)
        losses, slope, scale = loss(shard, scores, of_these, of_all)
        total += jnp.sum(jnp.where(real, losses, 0.0))
        if not with_gradient:
            return total, d_rows, d_columns
        scale = jnp.where(real, scale, 0.0)[:, None]
        through = scale * jnp.einsum("CV,VD->CD", slope, table, precision=_EXACT)
        # [D V], which on a CPU is a third quicker than [V D].
        d_columns += jnp.einsum("CV,CD->DV", slope, scale * x, precision=_EXACT)
        return total, d_rows.at[index].set(through, mode="drop"), d_columns

    start = jnp.zeros((), jnp.float32), jnp.zeros_like(rows), jnp.zeros_like(table.T)
    total, d_rows, d_columns = jax.lax.fori_loop(0, (counted + chunk - 1) // chunk, body, start)
    return shard.over_rows(total), _Inputs(shard.over_items(d_rows), shard.over_rows(d_columns).T)
