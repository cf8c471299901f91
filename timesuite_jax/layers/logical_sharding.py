"""Logical axes: what a dimension means ("embed", "heads", ...), as linen stores it beside a parameter.

Linen's partitioning is used through these functions outside of `layers`, `models` and the families' model packages, so
that another module system changes this file alone. `parallel.rules` maps logical axes to mesh axes.
"""

import math
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

import jax
from flax import linen as nn
from jax.sharding import NamedSharding
from jaxtyping import Array, Shaped

AxisNames = tuple[str | None, ...]


def num_shards(logical_axis: str) -> int:
    """Number of shards that the current mesh splits a dimension into; 1 without a mesh."""
    mesh = jax.sharding.get_abstract_mesh()
    if mesh.empty:
        return 1
    axes = (nn.logical_to_mesh_axes((logical_axis,)) or (None,))[0] or ()
    return math.prod(mesh.shape[axis] for axis in ((axes,) if isinstance(axes, str) else axes))


def logical_sharding(*logical_axes: str | None) -> NamedSharding | None:
    """Sharding of an array with these dimensions on the current mesh; None without a mesh."""
    mesh = jax.sharding.get_mesh()
    return None if mesh.empty else NamedSharding(mesh, nn.logical_to_mesh_axes(logical_axes))


def constrain_sharding(x: Shaped[Array, "..."], logical_axes: AxisNames) -> Shaped[Array, "..."]:
    """Shards `x` by its logical axes within a compiled program; returns it unchanged without a mesh."""
    return nn.with_logical_constraint(x, logical_axes)


def logical_axis_rules(rules: Iterable[tuple[str, tuple[str, ...] | None]]) -> AbstractContextManager[None]:
    """Context in which logical axes are mapped to these mesh axes."""
    return nn.logical_axis_rules(tuple(rules))


def unbox(tree: Any) -> Any:
    """The parameters without their logical axes."""
    return nn.meta.unbox(tree)


def split_box(leaf: Any) -> tuple[AxisNames, Any]:
    """Logical axes and value of a leaf; no axes where it has none.

    `unbox` would also constrain the value to the mesh, which is not possible for a `jax.ShapeDtypeStruct`.
    """
    return (leaf.names, leaf.value) if isinstance(leaf, nn.LogicallyPartitioned) else ((), leaf)
