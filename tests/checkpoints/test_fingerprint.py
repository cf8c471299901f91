"""Tests for fingerprints of trees of arrays: they depend on the content only."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec

from timesuite_jax import parallel
from timesuite_jax.checkpoints.fingerprint import fingerprint
from timesuite_jax.parallel import MeshSpec

TREE = {"a": {"kernel": np.arange(32, dtype=np.float32).reshape(8, 4)}, "b": np.ones((3,), np.int8)}


def name(**changes: np.ndarray) -> str:
    return fingerprint(jax.tree.map(jnp.asarray, {**TREE, **changes}))


def test_independent_of_sharding():
    mesh = parallel.make_mesh(MeshSpec(fsdp=2, tensor=2))
    sharded = jax.device_put(TREE["a"]["kernel"], NamedSharding(mesh, PartitionSpec("fsdp", "tensor")))
    assert fingerprint({**jax.tree.map(jnp.asarray, TREE), "a": {"kernel": sharded}}) == name()


@pytest.mark.parametrize(
    "other",
    [
        np.array([1, 1, 0], np.int8),
        np.ones((3,), np.uint8),
        np.ones((3, 1), np.int8),
        np.ones((4,), np.int8),
        np.ones((3,), bool),
        np.ones((3,), jnp.bfloat16),
    ],
)
def test_depends_on_bits_dtypes_and_shapes(other: np.ndarray):
    assert name(b=other) != name()


def test_depends_on_order_and_paths():
    swapped = TREE["a"]["kernel"].copy()
    swapped[[0, 1]] = swapped[[1, 0]]
    assert name(a={"kernel": swapped}) != name()
    assert name(a={"weight": TREE["a"]["kernel"]}) != name()
    one_bit = TREE["a"]["kernel"].copy()
    one_bit.view(np.uint32)[7, 3] ^= 1
    assert name(a={"kernel": one_bit}) != name()
