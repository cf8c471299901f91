"""Batches: each process provides the rows of its devices; together they are one array, sharded over the mesh."""

import functools
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Shaped

from timesuite_jax.errors import UserError
from timesuite_jax.parallel.rules import Rules


def batch_sharding(mesh: Mesh, rules: Rules) -> NamedSharding:
    """Rows sharded over every mesh axis of the rule "batch"; the other dimensions replicated."""
    axes = tuple(axis for axis in rules["batch"] if mesh.shape[axis] > 1)
    return NamedSharding(mesh, PartitionSpec(axes or None))


class ProcessShard(NamedTuple):
    """The part of every batch that a process provides: number `index` of `count` equal ones."""

    index: int
    count: int


UNSHARDED = ProcessShard(0, 1)


def process_shard(sharding: NamedSharding) -> ProcessShard:
    """This process's part of every batch.

    Processes whose devices hold the same rows provide the same part. That is the case where `tensor` spans more devices
    than a process has: all devices along it work on the same samples.

    Raises:
      UserError: if two processes share some of their rows, but not all.
    """
    return partition(sharding)[jax.process_index()]


@functools.cache
def partition(sharding: NamedSharding) -> dict[int, ProcessShard]:
    """The part of each process, by its index; see `process_shard`."""
    shards, held = _shards(sharding), {}
    for device, (rows,) in sharding.devices_indices_map((shards,)).items():
        held.setdefault(device.process_index, set()).add(rows.start or 0)
    parts = sorted({tuple(sorted(rows)) for rows in held.values()})
    if len({len(part) for part in parts}) > 1 or sum(map(len, parts)) != shards:
        raise UserError(
            f"mesh {dict(sharding.mesh.shape)} shards the samples so that two processes share only some of them; "
            "choose mesh.tensor so that it divides the number of devices of a process, or is a multiple of it"
        )
    return {process: ProcessShard(parts.index(tuple(sorted(rows))), len(parts)) for process, rows in held.items()}


def _shards(sharding: NamedSharding) -> int:
    """Number of shards of a batch."""
    axes = sharding.spec[0] or ()
    return math.prod(sharding.mesh.shape[axis] for axis in ((axes,) if isinstance(axes, str) else axes))


def batch_multiple(sharding: NamedSharding, accumulate: int = 1) -> int:
    """The number that must divide a batch's rows: each device has at least one row of each microbatch."""
    return _shards(sharding) * accumulate


def check_batch(
    batch: Mapping[str, Shaped[np.ndarray, "B ..."]], sharding: NamedSharding, accumulate: int = 1, parts: int = 1
) -> int:
    """Returns the number of samples of the global batch, of which `batch` is one of `parts` equal parts.

    Raises:
      UserError: if the fields differ in their rows, or the rows are not divisible by devices and microbatches.
    """
    rows = {name: array.shape[0] for name, array in batch.items()}
    if len(set(rows.values())) != 1:
        raise UserError(f"the fields of a batch differ in their number of samples: {rows}")
    total = next(iter(rows.values())) * parts
    if total % batch_multiple(sharding, accumulate):
        raise UserError(
            f"a batch of {total} samples is not divisible by {_shards(sharding)} devices (mesh "
            f"{dict(sharding.mesh.shape)}) times accumulate={accumulate}; change the batch size, mesh or accumulate"
        )
    return total


def put_batch(
    batch: Mapping[str, Shaped[np.ndarray, "B_local ..."]], sharding: NamedSharding
) -> dict[str, Shaped[Array, "B ..."]]:
    """Moves this process's rows to its devices and returns the global arrays (asynchronously)."""
    if jax.process_count() == 1:  # Same as below, several times faster, which matters for steps of milliseconds.
        return jax.device_put(dict(batch), sharding)
    with jax.transfer_guard_host_to_device("allow"):  # explicit, as `device_put` is
        return {name: jax.make_array_from_process_local_data(sharding, array) for name, array in batch.items()}


def local_rows(arrays: Any, sharding: NamedSharding) -> Any:
    """The inverse of `put_batch`: this process's rows of sharded arrays, on the host.

    Args:
      arrays: pytree of arrays [B, ...], the same in all processes.
      sharding: of the rows.
    """

    def own(array: Shaped[Array, "B ..."]) -> Shaped[np.ndarray, "B_local ..."]:
        parts = {shard.index[0].start or 0: shard.data for shard in array.addressable_shards}
        return np.concatenate(jax.device_get([parts[first] for first in sorted(parts)]))

    return jax.tree.map(own, jax.device_put(arrays, sharding))
