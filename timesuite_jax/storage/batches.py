"""Groups of consecutive leaves that are read or written together."""

from collections.abc import Sequence

BATCH_BYTES = 64 * 2**20  # opening small leaves one by one would take seconds


def batches(sizes: Sequence[int], limit: int = BATCH_BYTES) -> list[list[int]]:
    """Consecutive positions in groups of at most `limit` bytes; a larger item is a group of its own.

    Args:
      sizes: of the items, in bytes.
      limit: in bytes.
    """
    groups: list[list[int]] = []
    left = -1
    for position, size in enumerate(sizes):
        if size > left:
            groups.append([])
            left = limit
        groups[-1].append(position)
        left -= size
    return groups
