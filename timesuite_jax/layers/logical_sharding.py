"""What a module may know of the mesh that it runs on."""

import math

import jax
from flax import linen as nn
from jax.sharding import NamedSharding


def num_shards(logical_axis: str) -> int:
    """Number of parts that a dimension of this meaning lies in; 1 without a mesh."""
    mesh = jax.sharding.get_abstract_mesh()
    if mesh.empty:
        return 1
    axes = (nn.logical_to_mesh_axes((logical_axis,)) or (None,))[0] or ()
    return math.prod(mesh.shape[axis] for axis in ((axes,) if isinstance(axes, str) else axes))


def logical_sharding(*logical_axes: str | None) -> NamedSharding | None:
    """Where an array lies whose dimensions have these meanings; None without a mesh."""
    mesh = jax.sharding.get_mesh()
    return None if mesh.empty else NamedSharding(mesh, nn.logical_to_mesh_axes(logical_axes))
