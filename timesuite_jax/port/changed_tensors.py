"""A checkpoint of which some tensors are replaced by functions of them, e.g. resized or with other rows."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Shaped

from timesuite_jax.port.files.source import Source, TensorInfo
from timesuite_jax.port.loading_order import CheckpointLayer

Change = tuple[tuple[int, ...], Callable[[Shaped[np.ndarray, "..."]], Shaped[np.ndarray, "..."]]]  # new shape, function
Changes = Callable[[CheckpointLayer], Mapping[str, Change]]  # a file -> changes of its tensors, by key


class ChangedTensors:
    """A `Source` whose tensors are changed when they are read.

    Args:
      source: the checkpoint.
      changes: by key.
    """

    def __init__(self, source: Source, changes: Mapping[str, Change]) -> None:
        self._source, self._changes = source, changes
        self.name = source.name
        self.infos: Mapping[str, TensorInfo] = {
            key: TensorInfo(changes[key][0], info.dtype) if key in changes else info
            for key, info in source.infos.items()
        }

    def read(self, key: str) -> Shaped[np.ndarray, "..."]:
        """One tensor."""
        tensor = self._source.read(key)
        return self._changes[key][1](tensor) if key in self._changes else tensor


def changed_layers(layers: Sequence[CheckpointLayer], changes: Changes) -> list[CheckpointLayer]:
    """Files with the changes of their tensors."""
    changed = [(layer, changes(layer)) for layer in layers]
    return [
        dataclasses.replace(layer, source=ChangedTensors(layer.source, tensors)) if tensors else layer
        for layer, tensors in changed
    ]
