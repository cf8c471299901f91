"""Batches: each process brings its own rows, together they are one array spread over the mesh."""

import math
from collections.abc import Mapping

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


def check_batch(batch: Mapping[str, Shaped[np.ndarray, "B *_"]], sharding: NamedSharding, accumulate: int = 1) -> int:
    """The number of samples of the global batch.

    Raises:
      UserError: if the fields differ in their rows, or the rows do not divide by devices and microbatches.
    """
    rows = {name: array.shape[0] for name, array in batch.items()}
    if len(set(rows.values())) != 1:
        raise UserError(f"the fields of a batch differ in their number of samples: {rows}")
    total = next(iter(rows.values())) * jax.process_count()
    axes = sharding.spec[0] or ()
    shards = math.prod(sharding.mesh.shape[axis] for axis in ((axes,) if isinstance(axes, str) else axes))
    if total % (shards * accumulate):
        raise UserError(
            f"a batch of {total} samples does not divide by {shards} devices (mesh {dict(sharding.mesh.shape)}) times "
            f"accumulate={accumulate}; change the batch size, mesh or accumulate"
        )
    return total


def put_batch(
    batch: Mapping[str, Shaped[np.ndarray, "B_local *_"]], sharding: NamedSharding
) -> dict[str, Shaped[Array, "B *_"]]:
    """Moves this process's rows to its devices and returns the global arrays (asynchronously)."""
    if jax.process_count() == 1:  # The same as below, several times quicker: it matters to models of milliseconds.
        return jax.device_put(dict(batch), sharding)
    with jax.transfer_guard_host_to_device("allow"):  # on purpose, as `device_put` always is
        return {name: jax.make_array_from_process_local_data(sharding, array) for name, array in batch.items()}
