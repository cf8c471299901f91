"""Types of path arguments; a path in a bucket ("gs://...") keeps its two slashes."""

import argparse

from etils import epath

from timesuite_jax.storage.remote_path import local_path, to_path


def any_path(word: str) -> epath.Path:
    """A path on a disk or in a bucket.

    Raises:
      ArgumentTypeError: if it is empty: a variable of the shell that is not set, not the current folder.
      UserError: if it is the URL of something else, or the library for buckets is not installed.
    """
    return to_path(_not_empty(word))


def disk_path(word: str) -> epath.Path:
    """A path on a disk, of what is appended to or memory-mapped.

    Raises:
      ArgumentTypeError: if it is empty.
      UserError: if it is in a bucket.
    """
    return local_path(_not_empty(word), "it")


def _not_empty(word: str) -> str:
    if not word.strip():
        raise argparse.ArgumentTypeError(f"{word!r} is empty; give a path")
    return word
