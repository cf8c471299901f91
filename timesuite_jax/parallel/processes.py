"""The processes of a run: one a host of a pod, with the devices of that host; all go through the same program."""

from collections.abc import Sequence

import jax
import numpy as np
from jax.experimental import multihost_utils


def gather_lines(lines: Sequence[str]) -> list[str]:
    """What the processes have to say, in the order of processes: the same list in all of them.

    All processes must call it at the same place, so it is a barrier too.
    """
    if jax.process_count() == 1:
        return list(lines)
    mine = np.frombuffer("\n".join(lines).encode(), np.uint8)
    lengths = multihost_utils.process_allgather(np.int32(len(mine)))
    table = multihost_utils.process_allgather(np.pad(mine, (0, int(lengths.max()) + 1 - len(mine))))
    texts = [bytes(row[:length]).decode() for row, length in zip(table, lengths, strict=True)]
    return [line for text in texts if text for line in text.split("\n")]
