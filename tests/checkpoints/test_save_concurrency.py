"""Tests for the bound on concurrently written bytes; tests/faults/test_memory.py measures the memory it saves."""

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
    """An array in four shards with two replicas, or unsharded with eight."""
    mesh = Mesh(np.array(jax.devices()).reshape(2, 4), ("replicas", "shards"))
    return jnp.zeros((4, mib, MIB // 16), jnp.float32, device=NamedSharding(mesh, PartitionSpec(*axes)))


def test_bound_is_a_sixteenth_of_the_state_or_the_largest_shard():
    assert bytes_in_flight({str(number): zeros(16, "shards") for number in range(10)}) == 160 * MIB / 16
    assert bytes_in_flight({"a": zeros(8, "shards"), "b": zeros(40, "shards")}) == 10 * MIB + 1
    assert bytes_in_flight({"a": zeros(9), "b": zeros(4, "shards")}) == 9 * MIB + 1
    assert bytes_in_flight({"a": zeros(1, "shards")}) == 8 * MIB


def test_single_large_array_is_saved(tmp_path: Path):
    params = {"kernel": jnp.zeros((9, MIB // 4))}
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.keep_frozen(params)
        checkpoints.save(1, TrainState(step=jnp.int32(0), params=params, opt_state={}), {}, {})
    with Checkpoints(tmp_path, read_only=True) as checkpoints:
        assert checkpoints.check_step(None) == 1
