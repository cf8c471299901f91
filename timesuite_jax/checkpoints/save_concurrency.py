"""Arrays are saved by and by, so that a save needs little more memory than the copy that it saves.

Orbax starts to write all arrays of a state at once. Each is compressed, and waits for the disk in its compressed form:
where the compressor is faster than the disk, which it is, a whole compressed state lies beside the copy of the state.
"""

import math
from typing import Any, cast

import jax
import orbax.checkpoint as ocp

# Of a state, by bytes, that may be on its way to the disk. A save takes no longer for it; with an eighth, it took up to
# 0.47 states beside the copy, where 0.3 are promised.
_IN_FLIGHT = 1 / 16
_SPARED = 8 << 20  # bytes that are not worth sparing: small arrays one after another would wait for the disk each time


def bounded_concurrency_handler(tree: Any) -> ocp.StandardCheckpointHandler:
    """Orbax's handler for such a tree, which has a sixteenth of it under way at a time, or one array if that is more.

    Args:
      tree: nested dict of `jax.Array`.
    """
    # Orbax multiplies by a billion, whole or not.
    return ocp.StandardCheckpointHandler(save_concurrent_gb=cast(int, bytes_in_flight(tree) / 1e9))


def bytes_in_flight(tree: Any) -> int:
    """How many bytes of a tree this process may have under way at a time.

    Args:
      tree: nested dict of `jax.Array`.
    """
    own, largest = 0, 0
    for leaf in jax.tree.leaves(tree):
        shard = math.prod(leaf.sharding.shard_shape(leaf.shape)) * leaf.dtype.itemsize
        # Of what lies on several devices one writes.
        own += shard * sum(one.replica_id == 0 for one in leaf.addressable_shards)
        largest = max(largest, shard)
    return max(int(own * _IN_FLIGHT), _SPARED, largest + 1)  # Orbax refuses what is as large as the limit.
