"""Batches: each process brings the rows that its devices hold, together they are one array spread over the mesh."""

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
    """Rows over every mesh axis of the rule "batch"; all other dimensions whole."""
    axes = tuple(axis for axis in rules["batch"] if mesh.shape[axis] > 1)
    return NamedSharding(mesh, PartitionSpec(axes or None))


class ProcessShard(NamedTuple):
    """The part of every batch that a process brings: number `index` of `count` equal ones."""

    index: int
    count: int


UNSHARDED = ProcessShard(0, 1)


def process_shard(sharding: NamedSharding) -> ProcessShard:
    """This process's part of every batch.

    Processes whose devices hold the same rows bring the same part. There are such where `tensor` goes over more devices
    than a process has: all devices along it work on the same samples.

    Raises:
      UserError: if some rows lie in two processes, and others in one of the two only.
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
            f"mesh {dict(sharding.mesh.shape)} spreads the samples so that two processes share a part of them; "
            "choose mesh.tensor so that it divides the number of devices of a process, or is a multiple of it"
        )
    return {process: ProcessShard(parts.index(tuple(sorted(rows))), len(parts)) for process, rows in held.items()}


def _shards(sharding: NamedSharding) -> int:
    """Parts that the devices cut a batch into."""
    axes = sharding.spec[0] or ()
    return math.prod(sharding.mesh.shape[axis] for axis in ((axes,) if isinstance(axes, str) else axes))


def batch_multiple(sharding: NamedSharding, accumulate: int = 1) -> int:
    """What the number of a batch's rows must be a multiple of: each device has some in each microbatch."""
    return _shards(sharding) * accumulate


def check_batch(
    batch: Mapping[str, Shaped[np.ndarray, "B ..."]], sharding: NamedSharding, accumulate: int = 1, parts: int = 1
) -> int:
    """The number of samples of the global batch, of which this is one of `parts` equal parts.

    Raises:
      UserError: if the fields differ in their rows, or the rows do not divide by devices and microbatches.
    """
    rows = {name: array.shape[0] for name, array in batch.items()}
    if len(set(rows.values())) != 1:
        raise UserError(f"the fields of a batch differ in their number of samples: {rows}")
    total = next(iter(rows.values())) * parts
    if total % batch_multiple(sharding, accumulate):
        raise UserError(
            f"a batch of {total} samples does not divide by {_shards(sharding)} devices (mesh "
            f"{dict(sharding.mesh.shape)}) times accumulate={accumulate}; change the batch size, mesh or accumulate"
        )
    return total


def put_batch(
    batch: Mapping[str, Shaped[np.ndarray, "B_local ..."]], sharding: NamedSharding
) -> dict[str, Shaped[Array, "B ..."]]:
    """Moves this process's rows to its devices and returns the global arrays (asynchronously)."""
    if jax.process_count() == 1:  # The same as below, several times quicker: it matters to models of milliseconds.
        return jax.device_put(dict(batch), sharding)
    with jax.transfer_guard_host_to_device("allow"):  # on purpose, as `device_put` always is
        return {name: jax.make_array_from_process_local_data(sharding, array) for name, array in batch.items()}


def local_rows(arrays: Any, sharding: NamedSharding) -> Any:
    """The opposite of `put_batch`: of arrays with a row a sample, wherever they lie, this process's rows on the host.

    Args:
      arrays: pytree of arrays [B, ...], the same in all processes.
      sharding: of the rows.
    """

    def own(array: Shaped[Array, "B ..."]) -> Shaped[np.ndarray, "B_local ..."]:
        parts = {shard.index[0].start or 0: shard.data for shard in array.addressable_shards}
        return np.concatenate(jax.device_get([parts[first] for first in sorted(parts)]))

    return jax.tree.map(own, jax.device_put(arrays, sharding))
