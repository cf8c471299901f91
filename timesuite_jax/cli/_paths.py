"""Types of path arguments; a path in a bucket ("gs://...") keeps its two slashes."""

from etils import epath

from timesuite_jax.storage.remote_path import local_path, to_path


def any_path(word: str) -> epath.Path:
    """A path on a disk or in a bucket.

    Raises:
      UserError: if it is the URL of something else, or the library for buckets is not installed.
    """
    return to_path(word)


def disk_path(word: str) -> epath.Path:
    """A path on a disk, of what is appended to or memory-mapped.

    Raises:
      UserError: if it is in a bucket.
    """
    return local_path(word, "it")
