"""Reads ranges of a file, on a disk or in a bucket."""

import os

from etils import epath

from timesuite_jax.storage.remote_path import is_remote, to_path


class RangeReader:
    """An open file; several threads may read from it at the same time.

    Args:
      path: of the file.

    Raises:
      OSError: if it cannot be opened; a file in a bucket is opened when it is read.
    """

    def __init__(self, path: epath.PathLike) -> None:
        self._descriptor = None
        if is_remote(path):
            from fsspec.core import url_to_fs

            self._file_system, self._key = url_to_fs(os.fspath(to_path(path)))
        else:
            self._descriptor = os.open(path, os.O_RDONLY)

    def read(self, offset: int, size: int) -> bytes:
        """Returns `size` bytes from `offset` on; fewer at the end of the file."""
        if self._descriptor is None:
            return self._file_system.cat_file(self._key, start=offset, end=offset + size)
        return os.pread(self._descriptor, size, offset)

    def close(self) -> None:
        """Closes the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)


def file_size(path: epath.PathLike) -> int:
    """Returns the size of a file in bytes."""
    # Not epath for a file on a disk: it also looks up the owner, who may have no name.
    return to_path(path).stat().length if is_remote(path) else os.stat(path).st_size  # noqa: PTH116
