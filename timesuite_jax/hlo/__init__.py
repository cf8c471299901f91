"""Compiled: reads programs that XLA has compiled, for what they would take of a chip.

`parse` makes the text of a program a tree; `count_flops` counts its arithmetic, `read_traffic` what its chips send
each other, `read_memory` what it keeps. Nothing in here compiles or knows what a program is for.
"""

from timesuite_jax.hlo.collectives import Traffic, read_traffic
from timesuite_jax.hlo.flops import Arithmetic, count_flops
from timesuite_jax.hlo.memory import Memory, array_bytes, read_memory, read_refusal
from timesuite_jax.hlo.parse import Module, parse

__all__ = [
    "Arithmetic",
    "Memory",
    "Module",
    "Traffic",
    "array_bytes",
    "count_flops",
    "parse",
    "read_memory",
    "read_refusal",
    "read_traffic",
]
