"""Memory of a compiled program on one device, also of one that does not fit."""

import dataclasses
import math
import re
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

_UNITS = {"B": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_AMOUNT = r"([\d.]+)([BKMGT])"
# The two out-of-memory errors of XLA for TPUs: during buffer assignment, or before it.
_USED_OF = re.compile(rf"Used {_AMOUNT} of {_AMOUNT} hbm")
_REQUIRED = re.compile(rf"\({_AMOUNT}\) exceeds available HBM \({_AMOUNT}\)")


@dataclasses.dataclass(frozen=True)
class Memory:
    """Bytes of one device."""

    arguments: float  # parameters, state and batch
    peak: float  # arguments, temporaries, results that are not donated arguments, and the program
    hbm_limit: float  # available to one program

    @property
    def temporaries(self) -> float:
        """Everything except the arguments."""
        return self.peak - self.arguments

    @property
    def fits(self) -> bool:
        """Whether the program fits into HBM."""
        return self.peak <= self.hbm_limit


def array_bytes(shape: Sequence[int], dtype: Any) -> float:
    """Bytes of an array in device memory, where two 4-bit integers share a byte."""
    bits = jnp.iinfo(dtype).bits if jnp.issubdtype(dtype, jnp.integer) else 8 * dtype.itemsize
    return math.prod(shape) * bits / 8


def read_memory(executable: Any, hbm_limit: float) -> Memory:
    """Memory of a `jax.stages.Compiled`.

    The sum of XLA's counts of arguments, results and temporaries is larger than the peak: the temporaries include
    buffers in the chip's vector memory, and buffers that are never live at the same time.
    """
    stats = executable.memory_analysis()
    return Memory(
        stats.argument_size_in_bytes, stats.peak_memory_in_bytes + stats.generated_code_size_in_bytes, hbm_limit
    )


def read_oom_error(message: str, arguments: float) -> Memory | None:
    """Memory of a program that XLA refused to compile because it does not fit; None for any other error.

    Args:
      message: of the `JaxRuntimeError`.
      arguments: bytes of the arguments on one device.
    """
    if found := _USED_OF.search(message):
        used, unit, limit, limit_unit = found.groups()
        return Memory(arguments, float(used) * _UNITS[unit], float(limit) * _UNITS[limit_unit])
    if found := _REQUIRED.search(message):
        temporaries, unit, limit, limit_unit = found.groups()
        peak = arguments + float(temporaries) * _UNITS[unit]
        return Memory(arguments, peak, float(limit) * _UNITS[limit_unit])
    return None
