"""Bounds the bytes of a state that a save writes concurrently, so that it needs little more memory than its copy.

Orbax starts to write all arrays of a state at once. Each is compressed and waits for the disk in compressed form: where
the compressor is faster than the disk, a compressed copy of the whole state is in memory beside the uncompressed one.
"""

import math
from typing import Any

import jax

# Fraction of a state that may be written concurrently. A save takes no longer with it; with an eighth, a save took up
# to 0.47 states beside the copy, where 0.3 are promised.
_FRACTION = 1 / 16
_LEAST = 8 << 20  # bytes; with less, small arrays would each wait for the disk


def bytes_in_flight(tree: Any) -> int:
    """Returns how many bytes of a tree this process may write concurrently: a sixteenth, or the largest shard.

    Args:
      tree: nested dict of `jax.Array`.
    """
    own, largest = 0, 0
    for leaf in jax.tree.leaves(tree):
        shard = math.prod(leaf.sharding.shard_shape(leaf.shape)) * leaf.dtype.itemsize
        # Of the replicas of a shard, one is written.
        own += shard * sum(one.replica_id == 0 for one in leaf.addressable_shards)
        largest = max(largest, shard)
    return max(int(own * _FRACTION), _LEAST, largest + 1)  # Orbax rejects an array that is as large as the limit.
