"""Writes files atomically: they appear under their name only when complete."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


@contextmanager
def atomic_write(path: Any) -> Iterator[Any]:
    """Yields a temporary path to write to, and renames it to `path` on success.

    On an exception an existing file stays unchanged and the temporary file is removed. A path that exists and is not a
    regular file (/dev/stdout, a pipe) is written to directly.

    Args:
      path: a `pathlib.Path`, or a local `epath.Path`; its folder must exist.

    Yields:
      A path of the same type, in the same folder.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    path = path.resolve()  # a link stays a link, and its target is replaced
    # Not the process number alone: hosts of a pod that write to one folder may have the same.
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.partial")
    try:
        yield partial
        partial.replace(path)
    except BaseException:
        with suppress(OSError):  # it may not exist, or the disk fails: report the first error
            partial.unlink()
        raise
