"""Paths on a local disk and in object storage, where a file appears whole or not at all and a rename is a copy."""

import os

from etils import epath

from timesuite_jax.storage.atomic_write import atomic_write


def is_remote(path: epath.PathLike) -> bool:
    """Returns whether a path is in object storage ("gs://...")."""
    return "://" in os.fspath(path)


def replace_text(file: epath.Path, text: str) -> None:
    """Writes a small file atomically; if the process is killed meanwhile, the previous file stays intact."""
    if is_remote(file):
        file.write_text(text)
        return
    with atomic_write(file) as partial:
        partial.write_text(text)
