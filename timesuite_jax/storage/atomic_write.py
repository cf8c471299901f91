"""Files that appear under their name only when they are complete."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


@contextmanager
def atomic_write(path: Any) -> Iterator[Any]:
    """Within it, the file is written to a place beside; at the end, that takes the name of the file.

    If anything fails nothing appears: a file that was there before stays as it was, and what was written is removed.
    What is there and no file (/dev/stdout, a pipe) is written to as it is.

    Args:
      path: a `pathlib.Path`, or an `epath.Path` on a disk; its folder is there.

    Yields:
      A path to write to, of the same type.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    path = path.resolve()  # a link stays, and what it points to is replaced
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        partial.replace(path)
    except BaseException:
        with suppress(OSError):  # not even made, or the disk fails altogether: the first error is the one to tell
            partial.unlink()
        raise
