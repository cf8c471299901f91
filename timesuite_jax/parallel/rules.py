"""The table from logical axes (what a dimension means) to mesh axes (how it is sharded).

Models name their dimensions, configs choose the mesh, and only this file maps one to the other. A tensor that the table
cannot shard is an error that names the config line to change; it is never silently replicated.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import jax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from timesuite_jax import param_tree
from timesuite_jax.errors import UserError
from timesuite_jax.layers.logical_sharding import logical_axis_rules, split_box

Rules = Mapping[str, tuple[str, ...]]

DEFAULT_RULES: dict[str, tuple[str, ...]] = {
    # Activations. Samples are sharded over every axis that splits the batch. "clip" is the clips of all samples in one
    # dimension; clips are independent before the language model, so they are sharded like samples.
    "batch": ("replica", "data", "fsdp"),
    "clip": ("replica", "data", "fsdp"),
    "frame_token": (),
    "length": (),
    # Parameters: fsdp over the model width, tensor over the hidden width of a layer.
    "embed": ("fsdp",),
    "heads": ("tensor",),
    "kv_heads": ("tensor",),
    "mlp": ("tensor",),
    "vocab": ("tensor",),
    # Too small to be worth a collective, or the dimension of a loop ("layers").
    "lora_rank": (),
    "layers": (),
    "patch": (),
    "conv_kernel": (),
    "query": (),
}


def make_rules(changes: Mapping[str, tuple[str, ...] | str | None], mesh: Mesh) -> Rules:
    """The default table with a config's changes (`None` or `()`: replicated).

    Raises:
      UserError: on a logical axis or a mesh axis that does not exist.
    """
    rules = dict(DEFAULT_RULES)
    for logical, target in changes.items():
        axes = (target,) if isinstance(target, str) else tuple(target or ())
        if logical not in rules:
            raise UserError(f"rules.{logical} is not a logical axis; choose one of {', '.join(rules)}")
        for axis in axes:
            if axis not in mesh.axis_names:
                raise UserError(
                    f"rules.{logical}={axis!r} is not a mesh axis; choose one of {', '.join(mesh.axis_names)}"
                )
        rules[logical] = axes
    return rules


@contextmanager
def mesh_context(mesh: Mesh, rules: Rules) -> Iterator[None]:
    """Sets the mesh, and the rules by which `layers.constrain_sharding` uses it; without a mesh that does nothing."""
    pairs = [(logical, axes or None) for logical, axes in rules.items()]
    with jax.set_mesh(mesh), logical_axis_rules(pairs):
        yield


def shardings(abstract: Mapping[str, Any], mesh: Mesh, rules: Rules) -> dict[str, Any]:
    """The sharding of each parameter.

    Args:
      abstract: nested dict of anything with a shape, boxed with its logical axes; leaves without a box are replicated.
      mesh: the devices.
      rules: logical axis -> mesh axes.

    Returns:
      A nested dict of `NamedSharding`, same structure, unboxed.

    Raises:
      UserError: naming every tensor that does not fit and the config lines to change.
    """
    placed_leaves, problems = {}, []
    for path, leaf in param_tree.leaves_with_paths(abstract):
        names, value = split_box(leaf)
        shape = value.shape
        spec, wrong = _partition(names, shape, mesh, rules)
        problems += [f"{'/'.join(path)} {shape}: {problem}" for problem in wrong]
        placed_leaves[path] = NamedSharding(mesh, spec)
    if problems:
        raise UserError("the mesh does not fit the model:\n  " + "\n  ".join(problems))
    return param_tree.from_paths(placed_leaves)


def _partition(
    names: tuple[str | None, ...], shape: tuple[int, ...], mesh: Mesh, rules: Rules
) -> tuple[PartitionSpec, list[str]]:
    """The partition of one tensor, and the problems with it."""
    parts, problems, taken = [], [], {}
    for dim, name in enumerate(names):
        if name is not None and name not in rules:
            # An error of a model, not of the user.
            raise ValueError(f"logical axis {name!r} is not in the rules; there are {', '.join(rules)}")
        axes = tuple(axis for axis in (rules[name] if name else ()) if mesh.shape[axis] > 1)
        if name in names[:dim]:
            axes = ()  # [embed, embed]: the first of the two is split.
        for axis in axes:
            if axis in taken:
                problems.append(
                    f"dimensions {taken[axis]!r} and {name!r} are both mapped to mesh axis {axis!r}; "
                    f"change rules.{taken[axis]} or rules.{name}"
                )
            taken[axis] = name
        count = math.prod(mesh.shape[axis] for axis in axes)
        if shape[dim] % count:
            sizes = ", ".join(f"mesh.{axis}={mesh.shape[axis]}" for axis in axes)
            problems.append(f"{name!r} ({shape[dim]}) is not divisible by {sizes}; change that or set rules.{name}=()")
        parts.append(axes or None)
    return PartitionSpec() if problems else PartitionSpec(*parts), problems


def abstract_arrays(abstract: Mapping[str, Any], mesh: Mesh, rules: Rules) -> dict[str, Any]:
    """Unboxed `jax.ShapeDtypeStruct`s with shardings: the targets of imports and restores.

    Raises:
      UserError: as `shardings`.
    """
    where = dict(param_tree.leaves_with_paths(shardings(abstract, mesh, rules)))
    leaves = ((path, split_box(leaf)[1]) for path, leaf in param_tree.leaves_with_paths(abstract))
    return param_tree.from_paths(
        {path: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=where[path]) for path, leaf in leaves}
    )
