"""Evaluation by several processes: each asks about its share of the records, and in the end all know all answers.

A pod's processes go through the same programs with the same number of batches, whatever each of them could not read.
"""

from timesuite_jax import parallel
from timesuite_jax.layers import logical_sharding, num_shards


def shard_batches(batch_size: int) -> tuple[parallel.ProcessShard, int]:
    """Which part of the records this process asks about, and how many at a time.

    Args:
      batch_size: prompts of all processes at a time; several processes round it up to what their devices divide.
    """
    rows = logical_sharding("batch")
    share = parallel.UNSHARDED if rows is None else parallel.process_shard(rows)
    if share.count == 1:
        return share, batch_size
    return share, (batch_size + -batch_size % num_shards("batch")) // share.count
