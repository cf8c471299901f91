"""Reads the FLOPs, memory and collectives of programs that XLA has compiled.

`parse` turns the text of a program into a tree; `count_flops` counts its arithmetic, `read_collectives` its
collectives, `read_memory` its memory. Nothing in here compiles, or depends on what a program computes.
"""

from timesuite_jax.hlo.collectives import Collectives, read_collectives
from timesuite_jax.hlo.flops import Arithmetic, count_flops
from timesuite_jax.hlo.memory import Memory, array_bytes, read_memory, read_oom_error
from timesuite_jax.hlo.parse import Module, parse

__all__ = [
    "Arithmetic",
    "Collectives",
    "Memory",
    "Module",
    "array_bytes",
    "count_flops",
    "parse",
    "read_collectives",
    "read_memory",
    "read_oom_error",
]
