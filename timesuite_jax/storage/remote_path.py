"""Work folders on a disk and in a bucket, where a file is there whole or not at all and is renamed by copying."""

import os

from etils import epath

from timesuite_jax.storage.atomic_write import atomic_write


def is_remote(path: epath.PathLike) -> bool:
    """Whether a path is one of object storage ("gs://...")."""
    return "://" in os.fspath(path)


def replace_text(file: epath.Path, text: str) -> None:
    """Writes a small file so that whoever is killed meanwhile leaves the one before, whole."""
    if is_remote(file):
        file.write_text(text)
        return
    with atomic_write(file) as partial:
        partial.write_text(text)
