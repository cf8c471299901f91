"""What a compiled program takes of a device's memory, also where it takes more than there is."""

import dataclasses
import math
import re
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

_UNITS = {"B": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_AMOUNT = r"([\d.]+)([BKMGT])"
# The two ways in which XLA for TPUs says so: found while assigning buffers, or before it tries.
_USED_OF = re.compile(rf"Used {_AMOUNT} of {_AMOUNT} hbm")
_REQUIRED = re.compile(rf"\({_AMOUNT}\) exceeds available HBM \({_AMOUNT}\)")


@dataclasses.dataclass(frozen=True)
class Memory:
    """Bytes of one device."""

    arguments: float  # parameters, state and batch
    peak: float  # arguments, what is made on the way, results that take no argument's place, and the program
    limit: float  # what a program may have

    @property
    def temporaries(self) -> float:
        """All but the arguments."""
        return self.peak - self.arguments

    @property
    def fits(self) -> bool:
        """Whether the program can be loaded."""
        return self.peak <= self.limit


def array_bytes(shape: Sequence[int], dtype: Any) -> float:
    """Of an array in a device's memory, where two integers of 4 bits share a byte."""
    bits = jnp.iinfo(dtype).bits if jnp.issubdtype(dtype, jnp.integer) else 8 * dtype.itemsize
    return math.prod(shape) * bits / 8


def read_memory(executable: Any, limit: float) -> Memory:
    """Of a `jax.stages.Compiled`.

    The sum of XLA's figures of arguments, results and temporaries would be too much: that of temporaries includes what
    lies in the chip's vector memory, and buffers that never live at the same time.
    """
    stats = executable.memory_analysis()
    return Memory(stats.argument_size_in_bytes, stats.peak_memory_in_bytes + stats.generated_code_size_in_bytes, limit)


def read_refusal(message: str, arguments: float) -> Memory | None:
    """Of a program that XLA would not finish for want of memory; None if the message tells something else.

    Args:
      message: of the exception.
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
