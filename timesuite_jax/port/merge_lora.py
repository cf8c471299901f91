"""A state dict whose LoRA adapters are merged into the weights that they adapt: W + scaling * B A, in float32."""

import re

import numpy as np
from jaxtyping import Shaped

from timesuite_jax.errors import UserError
from timesuite_jax.port.files.source import Source, TensorInfo

_ADAPTER = re.compile(r"(?P<module>.+)\.lora_(?P<side>[AB])\.default\.weight")


class MergedLora:
    """A source without adapters.

    Args:
      source: with adapters, under the keys of tables.
      scaling: alpha / rank.
      dtype: of the merged weights; None: that of the weights before.

    Raises:
      UserError: if the source has no adapters.
    """

    def __init__(self, source: Source, scaling: float, dtype: np.dtype | None = None):
        self.name = source.name
        self._source, self._scaling = source, scaling
        self._adapters: dict[str, dict[str, str]] = {}
        for key in source.infos:
            if match := _ADAPTER.fullmatch(key):
                self._adapters.setdefault(f"{match['module']}.weight", {})[match["side"]] = key
        if not self._adapters:
            raise UserError(f"{source.name} has no LoRA adapters to merge; leave out --merge-lora")
        self._values: dict[str, np.ndarray] | None = None
        self.infos = {
            key: TensorInfo(info.shape, dtype or info.dtype) if key in self._adapters else info
            for key, info in source.infos.items()
            if not _ADAPTER.fullmatch(key)
        }

    def read(self, key: str) -> Shaped[np.ndarray, "..."]:
        """The tensor under `key`, merged if it has an adapter."""
        if key not in self._adapters:
            return self._source.read(key)
        if self._values is None:
            # All of them, in the order that is cheapest to read; they are a hundredth of the weights.
            wanted = {adapter for sides in self._adapters.values() for adapter in sides.values()}
            self._values = {
                other: np.asarray(self._source.read(other), np.float32)
                for other in self._source.infos
                if other in wanted
            }
        sides = self._adapters[key]
        merged = np.array(self._source.read(key), np.float32)
        merged += np.float32(self._scaling) * (self._values[sides["B"]] @ self._values[sides["A"]])
        return merged.astype(self.infos[key].dtype, copy=False)
