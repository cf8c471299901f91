"""Optimal assignment of few rows to columns, as part of a compiled program.

The Hungarian method with shortest augmenting paths (Jonker and Volgenant, 1987), exact like SciPy's
`linear_sum_assignment`. That one, through `jax.pure_callback`, would stop the device for a host in each step of a
training that otherwise never waits for one, and cannot run where batches are sharded over hosts without a collective.
Loops have fixed lengths: with a condition on the data, devices that each have a part of the batch would have to agree
on every turn. A few true windows need some dozen turns on vectors of the number of predicted spans.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


class _State(NamedTuple):
    """Dual variables and the assignment so far; index 0 is a column and a row that do not exist."""

    row_price: Float[Array, " rows_plus_1"]
    column_price: Float[Array, " columns_plus_1"]
    row_of: Int[Array, " columns_plus_1"]  # 0: free


class _Search(NamedTuple):
    """A search for the shortest path from a row to a free column."""

    state: _State
    column: Int[Array, ""]  # reached last
    distance: Float[Array, " columns_plus_1"]
    previous: Int[Array, " columns_plus_1"]
    visited: Bool[Array, " columns_plus_1"]


def assign(cost: Float[Array, "rows columns"]) -> Int[Array, " rows"]:
    """Returns a different column for each row, with the lowest sum of costs.

    Rows of equal costs (padding) do not change what the others get.

    Args:
      cost: finite; at most as many rows as columns.

    Raises:
      ValueError: there are more rows than columns.
    """
    rows, columns = cost.shape
    if rows > columns:
        raise ValueError(f"{rows} rows cannot each have one of {columns} columns")
    padded = jnp.pad(jnp.asarray(cost, jnp.float32), ((1, 0), (1, 0)))
    state = _State(jnp.zeros(rows + 1), jnp.zeros(columns + 1), jnp.zeros(columns + 1, jnp.int32))
    state = jax.lax.fori_loop(1, rows + 1, lambda row, state: _add_row(padded, row, state), state)
    order = jnp.zeros(rows + 1, jnp.int32).at[state.row_of].set(jnp.arange(columns + 1, dtype=jnp.int32))
    return order[1:] - 1


def _add_row(cost: Float[Array, "rows_plus_1 columns_plus_1"], row: Int[Array, ""], state: _State) -> _State:
    """Assigns one more row, and reassigns others along the shortest path."""
    size = cost.shape[1]
    state = state._replace(row_of=state.row_of.at[0].set(jnp.asarray(row, jnp.int32)))
    search = _Search(
        state,
        jnp.int32(0),
        jnp.full(size, jnp.inf),
        jnp.zeros(size, jnp.int32),
        jnp.zeros(size, bool),
    )
    # A path visits each assigned column at most once.
    search = jax.lax.fori_loop(0, cost.shape[0] - 1, lambda _, search: _extend(cost, search), search)

    def shift(_: Int[Array, ""], carry: tuple[Array, Array]) -> tuple[Array, Array]:
        row_of, column = carry
        source = search.previous[column]
        # Column 0 ends the path: it and its row stay as they are.
        return row_of.at[column].set(jnp.where(column == 0, row_of[0], row_of[source])), source

    row_of, _ = jax.lax.fori_loop(0, cost.shape[0] - 1, shift, (search.state.row_of, search.column))
    return search.state._replace(row_of=row_of.at[0].set(0))


def _extend(cost: Float[Array, "rows_plus_1 columns_plus_1"], search: _Search) -> _Search:
    """Visits the nearest column, unless the column reached last is free."""
    state, column = search.state, search.column
    row = state.row_of[column]
    visited = search.visited.at[column].set(True)
    reduced = cost[row] - state.row_price[row] - state.column_price
    shorter = ~visited & (reduced < search.distance)
    distance = jnp.where(shorter, reduced, search.distance)
    previous = jnp.where(shorter, column, search.previous)
    unvisited = jnp.where(visited.at[0].set(True), jnp.inf, distance)
    nearest = jnp.argmin(unvisited).astype(jnp.int32)
    step = unvisited[nearest]
    change = jnp.where(visited, step, 0.0)
    moved = _State(
        state.row_price.at[state.row_of].add(change),
        state.column_price - change,
        state.row_of,
    )
    distance = jnp.where(visited, distance, distance - step)
    following = _Search(moved, nearest, distance, previous, visited)
    return jax.tree.map(lambda old, new: jnp.where(row == 0, old, new), search, following)
