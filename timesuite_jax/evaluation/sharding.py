"""Partition of an evaluation's examples over the processes of a pod.

All processes run the same compiled programs on the same number of batches, even if one of them drops more examples.
"""

from timesuite_jax import parallel
from timesuite_jax.layers import logical_sharding, num_shards


def shard_batches(batch_size: int) -> tuple[parallel.ProcessShard, int]:
    """Returns this process's share of the examples and its number of rows in each batch.

    Args:
      batch_size: rows of all processes together; with several processes rounded up to a multiple of their devices.
    """
    rows = logical_sharding("batch")
    share = parallel.UNSHARDED if rows is None else parallel.process_shard(rows)
    if share.count == 1:
        return share, batch_size
    return share, (batch_size + -batch_size % num_shards("batch")) // share.count
