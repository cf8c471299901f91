"""Simulates a full disk without privileges."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def full_disk(kib: int) -> Iterator[None]:
    """Limits the size of files that this process writes, so that writing fails with an errno, as on a full disk.

    Args:
      kib: the limit, KiB.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (kib << 10, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
