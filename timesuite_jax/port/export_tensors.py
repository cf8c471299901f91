"""The tensors of an export: which ones, under which names, cast to which type."""

import dataclasses
from collections.abc import Iterator, Mapping

import numpy as np
from jaxtyping import Shaped

from timesuite_jax.errors import UserError
from timesuite_jax.port.files.source import Source, TensorInfo
from timesuite_jax.port.finite import all_finite


@dataclasses.dataclass(frozen=True)
class ExportTensors:
    """Tensors that are read, cast and renamed one at a time.

    Attributes:
      source: of the values.
      names: key of the source -> name in the export.
      dtype: of floating-point tensors; None keeps their types.
    """

    source: Source
    names: Mapping[str, str]
    dtype: np.dtype | None = None

    @property
    def infos(self) -> dict[str, TensorInfo]:
        """Shapes and types by name, in the order of iteration."""
        infos = self.source.infos
        return {name: TensorInfo(infos[key].shape, self._dtype(infos[key].dtype)) for key, name in self.names.items()}

    def __iter__(self) -> Iterator[tuple[str, Shaped[np.ndarray, "..."]]]:
        """Yields names and values.

        Raises:
          UserError: if a finite value is infinite in the other type.
        """
        for key, name in self.names.items():
            values = self.source.read(key)
            with np.errstate(over="ignore"):  # checked below
                cast = values.astype(self._dtype(values.dtype), copy=False)
            if cast.dtype != values.dtype and all_finite(values) and not all_finite(cast):
                raise UserError(
                    f"{self.source.name}: {key} has values beyond the range of {cast.dtype.name}; give --dtype "
                    "bfloat16 or float32"
                )
            yield name, cast

    def _dtype(self, dtype: np.dtype) -> np.dtype:
        # To numpy, ml_dtypes' bfloat16 is of kind "V"; all kinds but integers and booleans are cast.
        return dtype if self.dtype is None or dtype.kind in "iub" else self.dtype
