"""The mesh and the table: what fits is placed, what does not is named with the config line to change."""

from types import SimpleNamespace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from jax.sharding import AxisType, PartitionSpec

from timesuite_jax import parallel
from timesuite_jax.errors import UserError
from timesuite_jax.parallel import MeshSpec
from timesuite_jax.parallel.batch import partition


def box(shape: tuple[int, ...], *names: str | None) -> nn.LogicallyPartitioned:
    return nn.LogicallyPartitioned(jax.ShapeDtypeStruct(shape, jnp.float32), names)


@pytest.mark.parametrize(
    ("spec", "sizes"),
    [
        (MeshSpec(), (1, 8, 1, 1)),
        (MeshSpec(data=2, fsdp=-1, tensor=2), (1, 2, 2, 2)),
        (MeshSpec(replica=2, data=1, fsdp=4), (2, 1, 4, 1)),
    ],
)
def test_sizes_are_resolved(spec: MeshSpec, sizes: tuple[int, ...]):
    mesh = parallel.make_mesh(spec)
    assert tuple(mesh.shape.values()) == sizes
    assert set(mesh.axis_types) == {AxisType.Auto}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (MeshSpec(data=3), "need 3 devices but there are 8"),
        (MeshSpec(data=-1, tensor=3), "mesh.tensor=3.*a multiple of 3"),
        (MeshSpec(data=-1, fsdp=-1), "mesh.data=-1, mesh.fsdp=-1.*at most one"),
        (MeshSpec(data=8, fsdp=0), "mesh.fsdp=0.*at least 1"),
    ],
)
def test_impossible_sizes_are_named(spec: MeshSpec, message: str):
    with pytest.raises(UserError, match=message):
        parallel.make_mesh(spec)


def test_parameters_are_placed_by_meaning():
    mesh = parallel.make_mesh(MeshSpec(data=2, fsdp=2, tensor=2))
    abstract = {
        "kernel": box((3, 8, 6), "layers", "embed", "mlp"),
        "square": box((8, 8), "embed", "embed"),
        "plain": jax.ShapeDtypeStruct((5,), jnp.float32),
    }
    where = parallel.shardings(abstract, mesh, parallel.DEFAULT_RULES)
    assert where["kernel"].spec == PartitionSpec(None, ("fsdp",), ("tensor",))
    assert where["square"].spec == PartitionSpec(("fsdp",), None)
    assert where["plain"].spec == PartitionSpec()
    arrays = parallel.abstract_arrays(abstract, mesh, parallel.DEFAULT_RULES)
    assert arrays["kernel"].shape == (3, 8, 6)
    assert arrays["kernel"].sharding == where["kernel"]


def test_every_misfit_is_listed_with_its_remedy():
    mesh = parallel.make_mesh(MeshSpec(data=2, fsdp=1, tensor=4))
    rules = parallel.make_rules({"embed": "tensor"}, mesh)
    abstract = {"a": {"kernel": box((8, 8), "embed", "mlp")}, "b": box((6,), "vocab")}
    with pytest.raises(UserError) as caught:
        parallel.shardings(abstract, mesh, rules)
    assert "a/kernel (8, 8)" in str(caught.value)
    assert "change rules.embed or rules.mlp" in str(caught.value)
    assert "'vocab' (6) is not divisible by mesh.tensor=4" in str(caught.value)


def test_unknown_axes_are_named():
    mesh = parallel.make_mesh()
    with pytest.raises(UserError, match=r"rules\.embd"):
        parallel.make_rules({"embd": "fsdp"}, mesh)
    with pytest.raises(UserError, match=r"rules\.embed='model'"):
        parallel.make_rules({"embed": "model"}, mesh)
    with pytest.raises(ValueError, match="'embd' is not in the rules"):
        parallel.shardings({"a": box((4,), "embd")}, mesh, parallel.DEFAULT_RULES)


def test_a_batch_lies_over_all_batch_axes():
    mesh = parallel.make_mesh(MeshSpec(data=2, fsdp=2, tensor=2))
    where = parallel.batch_sharding(mesh, parallel.DEFAULT_RULES)
    rows = np.arange(24, dtype=np.float32).reshape(8, 3)
    array = parallel.put_batch({"x": rows}, where)["x"]
    assert array.sharding.shard_shape(array.shape) == (2, 3)
    np.testing.assert_array_equal(array, rows)


def test_batches_that_do_not_divide_are_named():
    where = parallel.batch_sharding(parallel.make_mesh(), parallel.DEFAULT_RULES)
    assert parallel.check_batch({"x": np.zeros((16, 2))}, where, accumulate=2) == 16
    with pytest.raises(UserError, match=r"24 samples is not divisible by 8 devices.*accumulate=2"):
        parallel.check_batch({"x": np.zeros((24, 2))}, where, accumulate=2)
    with pytest.raises(UserError, match="differ in their number of samples"):
        parallel.check_batch({"x": np.zeros((8, 2)), "y": np.zeros((4,))}, where)


class Spread:
    """Simulates a sharding of rows over processes, each with a device for each row that it holds."""

    spec = PartitionSpec("data")

    def __init__(self, *held: set[int]):
        self.held = held
        self.mesh = SimpleNamespace(shape={"data": max(map(max, held)) + 1})

    def devices_indices_map(self, shape: tuple[int, ...]) -> dict[Any, tuple[slice]]:
        assert shape == (self.mesh.shape["data"],)
        places = ((process, row) for process, rows in enumerate(self.held) for row in rows)
        return {Device(process, row): (slice(row, row + 1),) for process, row in places}


class Device(NamedTuple):
    process_index: int
    row: int


def test_processes_share_a_batch_out_by_the_rows_that_their_devices_hold():
    assert partition(Spread({0, 2}, {1, 3})) == {0: (0, 2), 1: (1, 2)}
    assert partition(Spread({1}, {0}, {1}, {0})) == {0: (1, 2), 1: (0, 2), 2: (1, 2), 3: (0, 2)}
    assert partition(Spread({0}, {0})) == {0: (0, 1), 1: (0, 1)}
    with pytest.raises(UserError, match=r"two processes share only some of them; choose mesh.tensor"):
        partition(Spread({0, 1}, {1, 2}, {2, 0}))
    alone = parallel.batch_sharding(parallel.make_mesh(), parallel.DEFAULT_RULES)
    assert parallel.process_shard(alone) == (0, 1)


def test_logical_constraints_take_effect_when_placed():
    mesh = parallel.make_mesh(MeshSpec(data=2, fsdp=2, tensor=2))
    constrain = jax.jit(lambda x: nn.with_logical_constraint(x * 2.0, ("batch", "mlp")))
    with parallel.mesh_context(mesh, parallel.DEFAULT_RULES):
        assert constrain(jnp.ones((8, 4))).sharding.shard_shape((8, 4)) == (2, 2)
