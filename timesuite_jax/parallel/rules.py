"""The one table from logical axes (what a dimension means) to mesh axes (where it lies).

Models name their dimensions, configs choose the mesh, and nothing but this file brings the two together. A tensor that
the table cannot place is an error that names the config line to change, never a silent copy on every device.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import jax
from flax import linen as nn
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from timesuite_jax import param_tree
from timesuite_jax.errors import UserError

Rules = Mapping[str, tuple[str, ...]]

DEFAULT_RULES: dict[str, tuple[str, ...]] = {
    # Activations. Every batch-splitting axis carries samples; "clip" is the clips of all samples in one axis, and clips
    # know nothing of each other before the language model, so they spread like samples do.
    "batch": ("replica", "data", "fsdp"),
    "clip": ("replica", "data", "fsdp"),
    "frame_token": (),
    "length": (),
    # Parameters: fsdp over the model width, tensor over what a layer widens to.
    "embed": ("fsdp",),
    "heads": ("tensor",),
    "kv_heads": ("tensor",),
    "mlp": ("tensor",),
    "vocab": ("tensor",),
    # Too small to be worth a message between devices, or walked through by a loop ("layers").
    "lora_rank": (),
    "layers": (),
    "patch": (),
    "conv_kernel": (),
    "query": (),
}


def make_rules(changes: Mapping[str, tuple[str, ...] | str | None], mesh: Mesh) -> Rules:
    """The default table with a config's changes (`None` or `()`: not split).

    Raises:
      UserError: on a logical axis or a mesh axis that does not exist.
    """
    rules = dict(DEFAULT_RULES)
    for logical, target in changes.items():
        axes = (target,) if isinstance(target, str) else tuple(target or ())
        if logical not in rules:
            raise UserError(f"rules.{logical} is no logical axis; there are {', '.join(rules)}")
        for axis in axes:
            if axis not in mesh.axis_names:
                raise UserError(f"rules.{logical}={axis!r} is no mesh axis; there are {', '.join(mesh.axis_names)}")
        rules[logical] = axes
    return rules


@contextmanager
def mesh_context(mesh: Mesh, rules: Rules) -> Iterator[None]:
    """Within it, linen's `with_logical_constraint` means this mesh and these rules (without it, it does nothing)."""
    pairs = [(logical, axes or None) for logical, axes in rules.items()]
    with jax.set_mesh(mesh), nn.logical_axis_rules(pairs):
        yield


def shardings(abstract: Mapping[str, Any], mesh: Mesh, rules: Rules) -> dict[str, Any]:
    """Where each parameter lies.

    Args:
      abstract: nested dict of `nn.LogicallyPartitioned` boxes around anything with a shape; leaves without a box are
        copied to every device.
      mesh: the devices.
      rules: logical axis -> mesh axes.

    Returns:
      A nested dict of `NamedSharding`, same structure, unboxed.

    Raises:
      UserError: naming every tensor that does not fit and the config lines to change.
    """
    placed_leaves, problems = {}, []
    for path, leaf in param_tree.leaves_with_paths(abstract):
        names = leaf.names if isinstance(leaf, nn.LogicallyPartitioned) else ()
        shape = _unboxed(leaf).shape
        spec, wrong = _partition(names, shape, mesh, rules)
        problems += [f"{'/'.join(path)} {shape}: {problem}" for problem in wrong]
        placed_leaves[path] = NamedSharding(mesh, spec)
    if problems:
        raise UserError("the mesh does not fit the model:\n  " + "\n  ".join(problems))
    return param_tree.from_paths(placed_leaves)


def _unboxed(leaf: Any) -> Any:
    """What is in the box; `nn.meta.unbox` would also constrain it to the mesh, which a shape cannot be."""
    return leaf.value if isinstance(leaf, nn.LogicallyPartitioned) else leaf


def _partition(
    names: tuple[str | None, ...], shape: tuple[int, ...], mesh: Mesh, rules: Rules
) -> tuple[PartitionSpec, list[str]]:
    """The partition of one tensor, and what is wrong with it."""
    parts, problems, taken = [], [], {}
    for dim, name in enumerate(names):
        if name is not None and name not in rules:
            # Not the user's mistake: a model named an axis that the table does not have.
            raise ValueError(f"logical axis {name!r} is not in the rules; there are {', '.join(rules)}")
        axes = tuple(axis for axis in (rules[name] if name else ()) if mesh.shape[axis] > 1)
        if name in names[:dim]:
            axes = ()  # [embed, embed]: the first of the two is split.
        for axis in axes:
            if axis in taken:
                problems.append(
                    f"dimensions {taken[axis]!r} and {name!r} both go to mesh axis {axis!r}; "
                    f"change rules.{taken[axis]} or rules.{name}"
                )
            taken[axis] = name
        count = math.prod(mesh.shape[axis] for axis in axes)
        if shape[dim] % count:
            sizes = ", ".join(f"mesh.{axis}={mesh.shape[axis]}" for axis in axes)
            problems.append(f"{name!r} ({shape[dim]}) does not divide by {sizes}; change that or set rules.{name}=()")
        parts.append(axes or None)
    return PartitionSpec() if problems else PartitionSpec(*parts), problems


def abstract_arrays(abstract: Mapping[str, Any], mesh: Mesh, rules: Rules) -> dict[str, Any]:
    """Unboxed `jax.ShapeDtypeStruct`s that know their sharding: the targets of imports and restores.

    Raises:
      UserError: as `shardings`.
    """
    where = dict(param_tree.leaves_with_paths(shardings(abstract, mesh, rules)))
    leaves = ((path, _unboxed(leaf)) for path, leaf in param_tree.leaves_with_paths(abstract))
    return param_tree.from_paths(
        {path: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=where[path]) for path, leaf in leaves}
    )
