"""The bijection between a PyTorch state dict and our parameter tree: one table for each model, used in both directions.

A table is a plain list of entries, one for each torch tensor. An entry has its torch key, its place in the nested dict
of parameters (a whole leaf, or one slice of a leaf that stacks layers along its first axis) and its axis order. Import,
export, coverage reports and suggestions all use this one list.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Shaped

from timesuite_jax import param_tree as trees
from timesuite_jax.param_tree import ParamPath
from timesuite_jax.port.constant import Constant
from timesuite_jax.port.layout import TensorLayout

Order, Tied = Callable[[str], Any], Mapping[str, str] | None


@dataclasses.dataclass(frozen=True)
class Entry:
    """One torch tensor and its place in the parameter tree."""

    torch: str  # key in the state dict
    jax: str  # path in the parameter tree, parts joined by "/"
    layout: TensorLayout
    axes: str = ""  # names of the axes in torch's order: one name is one size in the whole model, "_" one of this leaf
    layer: int | None = None  # slice of the leaf's leading axis; None: the whole leaf
    trainable: bool = False  # whether the original trains it, so that its checkpoints contain it
    export_only: bool = False  # kept so that an export is complete; no model here has this parameter

    @property
    def path(self) -> ParamPath:
        """The path as a tuple."""
        return tuple(self.jax.split("/"))

    @property
    def sizes(self) -> tuple[str, ...]:
        """Names of the sizes along torch's axes; that of a "_" is derived from the path."""
        names = self.axes.split() or "_" * len(self.layout.torch.split())
        return tuple(name if name != "_" else f"{self.jax}:{axis}" for axis, name in enumerate(names))


class Table:
    """All entries of one model at one size.

    `by_path` has the entries of each leaf in the order of their layers.
    """

    def __init__(self, model: str, entries: list[Entry], constants: list[Constant], order: Order, tied: Tied = None):
        """Checks that the entries are a bijection.

        Args:
          model: name for messages.
          entries: one for each torch tensor.
          constants: buffers that no parameter corresponds to.
          order: sort key of torch names in an export (the order of the original's state dict).
          tied: torch key of a tensor that a state dict repeats -> key of the entry with the same values.

        Raises:
          ValueError: if two entries have the same torch key or place, or a stacked leaf lacks a layer.
        """
        self.model = model
        self.entries = {entry.torch: entry for entry in entries}
        self.constants = {constant.torch: constant for constant in constants}
        self.by_path: dict[ParamPath, list[Entry]] = {}
        self.tied = dict(tied or {})
        self.torch_names = sorted([*self.entries, *self.constants, *self.tied], key=order)
        if len(set(self.torch_names)) != len(entries) + len(constants) + len(self.tied):
            raise ValueError(f"{model}: a torch key is in the table twice")
        for entry in entries:
            self.by_path.setdefault(entry.path, []).append(entry)
        for path, group in self.by_path.items():
            group.sort(key=lambda entry: entry.layer if entry.layer is not None else -1)
            layers = [entry.layer for entry in group]
            if layers != [None] and layers != list(range(len(group))):
                raise ValueError(f"{model}: {'/'.join(path)} has layers {layers}")

    def entry(self, name: str) -> Entry:
        """The entry of a torch key, of a repeated tensor that of its original."""
        return self.entries[self.tied.get(name, name)]

    def to_tree(self, tensors: Mapping[str, Shaped[np.ndarray, "..."]]) -> dict[str, Any]:
        """The nested dict of parameters of a complete state dict (numpy; copies only where it stacks).

        Args:
          tensors: torch key to array; exactly the keys of the table (constants and repeated tensors are optional).

        Raises:
          KeyError: with the keys that are missing or not in the table.
          ValueError: if a tensor does not have the axes of its layout, or those of one stack differ in shape.
        """
        missing = sorted(set(self.entries) - set(tensors))
        unexpected = sorted(set(tensors) - set(self.entries) - set(self.constants) - set(self.tied))
        if missing or unexpected:
            raise KeyError(f"{self.model}: missing {missing}, unexpected {unexpected}")
        leaves = {}
        for path, group in self.by_path.items():
            slices = [entry.layout.to_jax(np.asarray(tensors[entry.torch])) for entry in group]
            leaves[path] = slices[0] if group[0].layer is None else np.stack(slices)
        return trees.from_paths(leaves)

    def to_torch(self, params: Mapping[str, Any]) -> dict[str, Shaped[np.ndarray, "..."]]:
        """The state dict of a nested dict of parameters: the inverse of `to_tree`, plus the constants.

        Every array owns its memory, in C order. Upstream lets `merge_proj.bias` and `mistral_proj.bias` share storage;
        loading a file that does the same would overwrite one with the other.

        Raises:
          KeyError: with the leaves that are missing or not in the table.
        """
        leaves = dict(trees.leaves_with_paths(params))
        missing = sorted("/".join(path) for path in set(self.by_path) - set(leaves))
        unexpected = sorted("/".join(path) for path in set(leaves) - set(self.by_path))
        if missing or unexpected:
            raise KeyError(f"{self.model}: missing {missing}, unexpected {unexpected}")
        return {name: self.torch_tensor(name, leaves) for name in self.torch_names}

    def torch_tensor(self, name: str, leaves: Mapping[ParamPath, Any]) -> Shaped[np.ndarray, "..."]:
        """One torch tensor, computed from leaves by path; a constant needs none."""
        if name in self.constants:
            return self.constants[name].make()
        entry = self.entry(name)
        leaf = leaves[entry.path]
        slice_ = leaf if entry.layer is None else leaf[entry.layer]
        return np.array(entry.layout.to_torch(np.asarray(slice_)), order="C", copy=True)
