"""How much of a state is on its way to the disk at a time; tests/faults/test_memory.py measures what that saves."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from timesuite_jax.checkpoints.manager import Checkpoints
from timesuite_jax.checkpoints.save_concurrency import bytes_in_flight
from timesuite_jax.checkpoints.train_state import TrainState

MIB = 1 << 20


def zeros(mib: int, *axes: str) -> jax.Array:
    """In four parts or whole, and two or eight times."""
    mesh = Mesh(np.array(jax.devices()).reshape(2, 4), ("copies", "parts"))
    return jnp.zeros((4, mib, MIB // 16), jnp.float32, device=NamedSharding(mesh, PartitionSpec(*axes)))


def test_it_is_a_sixteenth_of_the_state_or_the_largest_piece():
    assert bytes_in_flight({str(number): zeros(16, "parts") for number in range(10)}) == 160 * MIB / 16
    assert bytes_in_flight({"a": zeros(8, "parts"), "b": zeros(40, "parts")}) == 10 * MIB + 1
    assert bytes_in_flight({"a": zeros(9), "b": zeros(4, "parts")}) == 9 * MIB + 1
    assert bytes_in_flight({"a": zeros(1, "parts")}) == 8 * MIB


def test_one_large_array_is_saved(tmp_path: Path):
    params = {"kernel": jnp.zeros((9, MIB // 4))}
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.keep_frozen(params)
        checkpoints.save(1, TrainState(step=jnp.int32(0), params=params, opt_state={}), {}, {})
    with Checkpoints(tmp_path, read_only=True) as checkpoints:
        assert checkpoints.check_step(None) == 1
