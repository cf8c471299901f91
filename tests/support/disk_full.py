"""Simulates a full disk without privileges."""

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def limit_files(size: int) -> None:
    """Limits the size of files that this process writes, for good.

    Python 3.11 leaves the part of a module's byte code that fits as its .pyc file, which then no process can import:
    no byte code is written from here on.

    Args:
      size: the limit in bytes.
    """
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


@contextmanager
def full_disk(kib: int) -> Iterator[None]:
    """Limits the size of files that this process writes, so that writing fails with an errno, as on a full disk.

    Args:
      kib: the limit, KiB.
    """
    limits, no_byte_code = resource.getrlimit(resource.RLIMIT_FSIZE), sys.dont_write_bytecode
    limit_files(kib << 10)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        sys.dont_write_bytecode = no_byte_code
