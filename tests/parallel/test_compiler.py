"""Compiler options, beside the program."""

import jax
import jax.numpy as jnp
import pytest
from jaxtyping import Array, Float

from timesuite_jax.parallel import compiler_options


def branches(x: Float[Array, "D D"]) -> Float[Array, ""]:
    """Sixteen pieces of work that do not wait for each other; one at a time is enough."""
    pieces = [jnp.cumsum(jnp.tanh(x @ (x + float(number))), axis=0) for number in range(16)]
    return sum((jnp.sum(piece @ piece.T) for piece in pieces), start=jnp.float32(0))


def test_a_cpu_keeps_less_alive():
    x = jax.ShapeDtypeStruct((64, 64), jnp.float32)
    plain, tuned = (
        jax.jit(branches, compiler_options=options).lower(x).compile().memory_analysis().temp_size_in_bytes
        for options in (None, compiler_options("cpu"))
    )
    assert tuned < plain / 2


@pytest.mark.parametrize("platform", ["tpu", "gpu"])
def test_other_platforms_are_left_alone(platform: str):
    assert compiler_options(platform) == {}
