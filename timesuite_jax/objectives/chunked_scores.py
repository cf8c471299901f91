"""Losses of rows of scores against all columns (words of a vocabulary, items), without all scores in memory.

In a batch of padded sequences only some rows have a loss: the tokens of answers, the items of histories. Those rows are
gathered to the front and processed a chunk at a time, in as many chunks as they fill. The gradient by the scores is
computed in the forward pass, while a chunk's scores are in memory: three products with the columns (scores, gradients
of rows and of columns) instead of the four with recomputation. Gradients that are not requested, such as that of a
frozen kernel, are not computed.

On a mesh each device processes its own rows (rule "batch") against its own columns (rule "vocab"); see
`layers.sharded_scores`.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Float32, Int

from timesuite_jax.layers import Shard, shard_map_scores
from timesuite_jax.objectives.score_head import ScoreHead, ScoreInputs


class RowLosses(NamedTuple):
    """The losses of a chunk's rows, and the gradient of the first one by the scores, `scale[:, None] * slope`.

    With the factor apart, a loss needs no pass over all scores to normalise them.
    """

    losses: tuple[Float32[Array, " C"], ...]  # the first is differentiated; the others are only summed
    slope: Float32[Array, "C V"]
    scale: Float32[Array, " C"]


# (shard, scores [C, V] of its columns, data of these rows [C, ...], data of all rows) -> RowLosses. It is a static
# argument of compiled programs: a function of module level, or a partial of module level.
RowLoss = Callable[[Shard, Float32[Array, "C V"], Any, Any], RowLosses]


class _Static(NamedTuple):
    loss: RowLoss
    num_losses: int
    chunk: int
    columns: int | None
    head: ScoreHead


_State = tuple[tuple[Float32[Array, ""], ...], ScoreInputs]  # sums, and gradients of the first


def chunked_scores(
    loss: RowLoss,
    inputs: ScoreInputs,
    mask: Bool[Array, "*rows"],
    row_data: Any,
    shared: Any = None,
    *,
    chunk: int,
    num_losses: int = 1,
    columns: int | None = None,
    scaling: float = 1.0,
    precision: jax.lax.Precision | None = None,
) -> tuple[Float32[Array, ""], ...]:
    """Sums losses over the rows where `mask` is True.

    The first sum is differentiable by `inputs`; masked rows get a gradient of exactly zero.

    Args:
      loss: computes the losses of a chunk and their gradient.
      inputs: rows and columns, with an optional adapter. The products are computed in the type of the rows.
      mask: rows that have a loss.
      row_data: pytree of arrays [*rows, ...], e.g. target ids; `loss` gets those of its chunk.
      shared: pytree of arrays that `loss` gets whole.
      chunk: rows of a device whose scores are in memory at one time.
      num_losses: length of `RowLosses.losses`.
      columns: number of real columns if the last ones are padding, which get a score of minus infinity.
      scaling: factor on the adapter's output, `LoraSpec.scaling`.
      precision: of the products.

    Returns:
      One sum for each loss; zeros if no row has a loss.

    Raises:
      ValueError: if `chunk` is not positive.
      UserError: if the devices of the mesh do not divide the rows or the columns.
    """
    if chunk < 1:
        raise ValueError(f"chunk={chunk} must be at least 1")
    static = _Static(loss, num_losses, chunk, columns, ScoreHead(scaling, precision))
    return _sums(static, inputs, mask, row_data, shared)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _sums(static: _Static, inputs: ScoreInputs, *data: Any) -> tuple[Float32[Array, ""], ...]:
    return _run(static, jax.tree.map(lambda _: False, inputs), inputs, *data)[0]


def _forward(static: _Static, *args: Any) -> _State:
    # With symbolic zeros, each argument reports whether it is differentiated.
    primal = lambda x: hasattr(x, "perturbed")  # noqa: E731
    wanted = jax.tree.map(lambda x: x.perturbed, args[0], is_leaf=primal)
    return _run(static, wanted, *jax.tree.map(lambda x: x.value, args, is_leaf=primal))


def _backward(static: _Static, grads: ScoreInputs, cotangents: tuple[Any, ...]) -> tuple[ScoreInputs | None, ...]:
    if isinstance(cotangents[0], jax.custom_derivatives.SymbolicZero):
        return None, None, None, None
    return jax.tree.map(lambda g: g * cotangents[0].astype(g.dtype), grads), None, None, None


_sums.defvjp(_forward, _backward, symbolic_zeros=True)


def _run(
    static: _Static, wanted: ScoreInputs, inputs: ScoreInputs, mask: Bool[Array, "*rows"], row_data: Any, shared: Any
) -> _State:
    """Returns the sums, and the gradients of the first one where `wanted` (None elsewhere)."""
    parts = ScoreInputs("rows", "columns", "whole", "columns", "rows")
    grads = ScoreInputs(*(part if wish else None for part, wish in zip(parts, wanted, strict=True)))
    return shard_map_scores(
        functools.partial(_on_one_device, static, wanted),
        (inputs.rows, inputs.lora_rows, mask, row_data),
        (inputs.kernel, inputs.lora_a, inputs.lora_b),
        shared,
        ("whole", grads),
        items=static.columns,
        table_parts=("columns", "whole", "columns"),
    )


def _on_one_device(static: _Static, wanted: ScoreInputs, shard: Shard, by_row: Any, table: Any, shared: Any) -> _State:
    shape, work = by_row[0].shape, by_row[0].dtype
    rows, lora_rows, mask, row_data = jax.tree.map(lambda x: x.reshape(-1, *x.shape[len(shape) - 1 :]), by_row)
    kernel, lora_a, lora_b = jax.tree.map(lambda x: x.astype(work), table)
    number = len(rows)
    chunk = min(static.chunk, number)
    # A stable sort moves the rows with a loss to the front and keeps their order; index `number` is out of range.
    order = jnp.pad(jnp.argsort(jnp.logical_not(mask), stable=True), (0, -number % chunk), constant_values=number)
    count = jnp.sum(mask)

    def body(i: Int[Array, ""], state: _State) -> _State:
        sums, grads = state
        index = jax.lax.dynamic_slice_in_dim(order, i * chunk, chunk)
        real = i * chunk + jnp.arange(chunk) < count
        x, lora_x, data = jax.tree.map(
            lambda values: jnp.take(values, index, axis=0, mode="clip"), (rows, lora_rows, row_data)
        )
        inputs = ScoreInputs(x, kernel, lora_a, lora_b, lora_x)
        scores, low = static.head.scores(inputs)
        losses, slope, scale = static.loss(shard, shard.of_items(scores, -jnp.inf), data, shared)
        sums = tuple(total + jnp.sum(jnp.where(real, part, 0.0)) for total, part in zip(sums, losses, strict=True))
        if not any(wanted):
            return sums, grads
        scale = jnp.where(real, scale, 0.0)[:, None]
        return sums, _accumulate(grads, static.head.gradients(wanted, inputs, low, slope, scale), index)

    values = ScoreInputs(rows, kernel, lora_a, lora_b, lora_rows)
    types = ScoreInputs(work, jnp.float32, jnp.float32, jnp.float32, work)  # what is summed over chunks, in float32
    grads = ScoreInputs(*(jnp.zeros_like(x, t) if w else None for x, t, w in zip(values, types, wanted, strict=True)))
    start = (jnp.zeros((), jnp.float32),) * static.num_losses, grads
    sums, grads = jax.lax.fori_loop(0, (count + chunk - 1) // chunk, body, start)

    def reduce_rows(grad: Float[Array, "R D"] | None) -> Float[Array, "*rows D"] | None:
        return None if grad is None else shard.over_items(grad).reshape(shape)

    def reduce_table(grad: Float[Array, "*shape"] | None, like: Float[Array, "*shape"] | None) -> Any:
        return None if grad is None else shard.over_rows(grad).astype(like.dtype)

    grads = ScoreInputs(
        rows=reduce_rows(grads.rows),
        kernel=reduce_table(grads.kernel, table[0]),
        lora_a=reduce_table(None if grads.lora_a is None else shard.over_items(grads.lora_a), table[1]),
        lora_b=reduce_table(grads.lora_b, table[2]),
        lora_rows=reduce_rows(grads.lora_rows),
    )
    return tuple(map(shard.over_rows, sums)), grads


def _accumulate(totals: ScoreInputs, parts: ScoreInputs, index: Int[Array, " C"]) -> ScoreInputs:
    """Adds the gradients of a chunk: those of rows are written to their places, the others are summed."""

    def put(total: Float[Array, "R D"] | None, part: Float[Array, "C D"] | None) -> Float[Array, "R D"] | None:
        return None if total is None else total.at[index].set(part.astype(total.dtype), mode="drop")

    def add(total: Float[Array, "*shape"] | None, part: Float[Array, "*shape"] | None) -> Float[Array, "*shape"] | None:
        return None if total is None else total + part

    update = put, add, add, add, put
    return ScoreInputs(*(function(total, part) for function, total, part in zip(update, totals, parts, strict=True)))
