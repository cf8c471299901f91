"""A parameter tree as a source of torch-named tensors, for export and comparison.

Quantized kernels are dequantized to float32, which is exact.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Shaped

from timesuite_jax import param_tree as trees
from timesuite_jax.errors import UserError
from timesuite_jax.param_tree import ParamPath
from timesuite_jax.port.files.source import TensorInfo
from timesuite_jax.port.loading_order import ModelPort
from timesuite_jax.port.quantize import Dequantized, as_in_files
from timesuite_jax.port.table import Entry


class TreeSource:
    """Parameters as torch tensors, computed one at a time; `quantized` has the keys of quantized kernels.

    Args:
      port: the model.
      leaves: anything with shape and dtype, by path.
      get: returns the values of a leaf.
      name: for messages.

    Raises:
      UserError: if the leaves are not a tree of this model.
    """

    def __init__(self, port: ModelPort, leaves: Mapping[ParamPath, Any], get: Callable[[ParamPath], Any], name: str):
        self.port = port
        self.name = name
        self._get = get
        known = as_in_files(leaves)
        quantized, leaves = set(known) - set(leaves), known
        shapes = {"/".join(path): tuple(leaf.shape) for path, leaf in leaves.items()}
        try:
            self.table = port.table_for_tree(shapes)
        except KeyError as error:
            raise UserError(
                f"{name}: not a {port.title}, parameter {error.args[0]} is missing; if it is another model, select "
                "it with --model"
            ) from error
        odd = sorted("/".join(path) for path in set(self.table.by_path) ^ set(leaves))
        if odd:
            listed = ", ".join(odd[:8])
            raise UserError(
                f"{name}: not a {port.title}, {len(odd)} parameters are missing or unknown ({listed}); if it is "
                "another model, select it with --model"
            )
        self.quantized = frozenset(entry.torch for path in quantized for entry in self.table.by_path[path])
        self.infos: dict[str, TensorInfo] = {}
        for key, constant in self.table.constants.items():
            value = constant.make()
            self.infos[key] = TensorInfo(value.shape, value.dtype)
        # Leaf by leaf, not layer by layer: a reader in this order needs each leaf once.
        for path in sorted(self.table.by_path):
            leaf = leaves[path]
            for entry in self.table.by_path[path]:
                dtype = np.float32 if path in quantized else leaf.dtype
                self.infos[entry.torch] = TensorInfo(_torch_shape(entry, tuple(leaf.shape)), np.dtype(dtype))
        self.infos |= {key: self.infos[original] for key, original in self.table.tied.items()}

    @classmethod
    def of_params(cls, port: ModelPort, params: Mapping[str, Any], name: str = "these parameters") -> "TreeSource":
        """A nested dict of arrays as a source."""
        leaves = dict(trees.leaves_with_paths(params))
        return cls(port, leaves, leaves.__getitem__, name)

    def read(self, key: str) -> Shaped[np.ndarray, "..."]:
        """The tensor under torch's key, in newly allocated memory."""
        if key in self.table.constants:
            return self.table.constants[key].make()
        path = self.table.entry(key).path
        if key in self.quantized:
            leaf = Dequantized(*(self._get((*path, part)) for part in ("quantized", "scales")))
        else:
            leaf = self._get(path)
        return self.table.torch_tensor(key, {path: leaf})


def _torch_shape(entry: Entry, shape: tuple[int, ...]) -> tuple[int, ...]:
    return entry.layout.torch_shape(shape if entry.layer is None else shape[1:])
