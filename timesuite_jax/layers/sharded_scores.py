"""Scores of rows against all items (or words) on a mesh, computed device by device.

The mesh axes are those of the rules "batch" (rows, i.e. histories) and "vocab" (items). A device has the scores of its
own rows for its own items; where a row's result depends on all items, devices all-reduce a number a row. GSPMD would
replicate a loop over rows on every device, with a copy of the whole table.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax.sharding import PartitionSpec
from jaxtyping import Array, Float, Int, Num

from timesuite_jax.errors import UserError


class Shard(NamedTuple):
    """The rows and items of one device; by default all of them."""

    first: Int[Array, ""] | int = 0  # id of the first of its items
    batch: tuple[str, ...] = ()  # mesh axes that the rows are spread over
    vocab: tuple[str, ...] = ()  # mesh axes that the items are spread over
    items: int | None = None  # of all devices; if set, the rows of the table beyond them are padding

    def local(self, ids: Int[Array, "*shape"], number: int) -> Int[Array, "*shape"]:
        """Indices of items among the `number` local ones; `number`, which is out of range, for all others."""
        place = ids - self.first
        return jnp.where(jnp.logical_and(place >= 0, place < number), place, number)

    def of_items(self, values: Float[Array, "*batch V"], otherwise: float) -> Float[Array, "*batch V"]:
        """The values of local items, and `otherwise` at padding rows of the table."""
        if self.items is None:
            return values
        item = self.first + jnp.arange(values.shape[-1]) < self.items
        return jnp.where(jnp.broadcast_to(item, values.shape), values, otherwise)

    def over_items(self, part: Num[Array, "*shape"]) -> Num[Array, "*shape"]:
        """Sum over the devices of different items."""
        return jax.lax.psum(part, self.vocab) if self.vocab else part

    def highest(self, part: Num[Array, "*shape"]) -> Num[Array, "*shape"]:
        """Maximum over the devices of different items."""
        return jax.lax.pmax(part, self.vocab) if self.vocab else part

    def over_rows(self, part: Num[Array, "*shape"]) -> Num[Array, "*shape"]:
        """Sum over the devices of different rows."""
        return jax.lax.psum(part, self.batch) if self.batch else part


def shard_map_scores(
    work: Callable[[Shard, Any, Any, Any], Any],
    rows: Any,
    table: Any,
    shared: Any,
    out: Any,
    *,
    items: int | None = None,
    table_parts: Any = "table",
) -> Any:
    """Runs `work(shard, rows, table, shared)` on every device, with its shards of rows and table.

    Args:
      work: pure; it combines what depends on more than its part through the shard.
      rows: pytree of arrays with one entry a row along their first axis.
      table: one vector an item, or a pytree of arrays (the first has an axis of items).
      shared: pytree of arrays that every device gets whole.
      out: pytree like `work`'s result: "rows" and "table" where the first axis is rows or items, "columns" where the
        second axis is items, "whole" where every device has the same.
      items: number of items, where the last vectors of the table are padding.
      table_parts: pytree like `table`, as `out`.

    Raises:
      UserError: if rows or items are not divisible by their devices.
    """
    mesh = jax.sharding.get_abstract_mesh()
    first_part = table_parts if isinstance(table_parts, str) else table_parts[0]
    width = jax.tree.leaves(table)[0].shape[1 if first_part == "columns" else 0]
    items = None if items == width else items
    if mesh.empty or mesh.size == 1:
        return work(Shard(items=items), rows, table, shared)
    batch, vocab = (_axes(entry, mesh.shape) for entry in cast(Any, nn.logical_to_mesh_axes(("batch", "vocab"))))
    number = len(jax.tree.leaves(rows)[0])
    for name, size, rule, axes in (("rows", number, "batch", batch), ("items", width, "vocab", vocab)):
        if size % (devices := math.prod(mesh.shape[axis] for axis in axes)):
            raise UserError(
                f"{size} {name} are not divisible by {devices} devices (mesh axes {', '.join(axes)}); change the "
                f"mesh or rules.{rule}"
            )

    per_device = width // math.prod(mesh.shape[axis] for axis in vocab)

    def local(rows: Any, table: Any, shared: Any) -> Any:
        first = jax.lax.axis_index(vocab) * per_device if vocab else 0
        return work(Shard(first, batch, vocab, items), rows, table, shared)

    specs = {
        "rows": PartitionSpec(batch or None),
        "table": PartitionSpec(vocab or None),
        "columns": PartitionSpec(None, vocab or None),
        "whole": PartitionSpec(),
    }
    sharded = jax.shard_map(
        local,
        in_specs=(specs["rows"], jax.tree.map(specs.__getitem__, table_parts), specs["whole"]),
        out_specs=jax.tree.map(specs.__getitem__, out),
        check_vma=False,  # loops whose length depends on the rows start from replicated carries
    )
    return sharded(rows, table, shared)


def _axes(entry: Any, sizes: Any) -> tuple[str, ...]:
    """The mesh axes of one entry of a `PartitionSpec` that have more than one device."""
    axes: tuple[str, ...] = (entry,) if isinstance(entry, str) else tuple(entry or ())
    return tuple(axis for axis in axes if sizes[axis] > 1)
