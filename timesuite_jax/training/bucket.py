"""Work folders in a bucket: a file is there whole or not at all, cannot be added to, and is renamed by copying."""

import os

from etils import epath


def in_bucket(path: epath.PathLike) -> bool:
    """Whether a path is one of object storage ("gs://...")."""
    return "://" in os.fspath(path)
