"""Caches compiled programs on disk, so that a command that runs again does not compile again.

This is JAX's persistent compilation cache, set up through JAX's own environment variables before JAX is imported.
Variables that are already set are kept: `JAX_COMPILATION_CACHE_DIR=gs://my-bucket/compiled` lets all hosts of a pod
share one folder, `JAX_COMPILATION_CACHE_DIR=` (empty) disables the cache.
"""

import os
from collections.abc import MutableMapping
from pathlib import Path

# Programs that compile faster are not worth a file: reading one from a bucket takes as long. JAX's default, one second,
# would exclude programs on which small models spend much of their start-up.
MIN_COMPILE_SECONDS = 0.1
# The least recently used programs are deleted first; those of a training run take 2 MB on a laptop.
MAX_BYTES = 2**30


def use_compile_cache(environ: MutableMapping[str, str]) -> None:
    """Sets the variables that are not set; without a writable home directory the cache stays disabled.

    Args:
      environ: `os.environ`.
    """
    environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", str(MIN_COMPILE_SECONDS))
    if "JAX_COMPILATION_CACHE_DIR" in environ:
        return
    try:
        folder = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "timesuite" / "compiled"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # anyone who can write there can run code as this user
    except (OSError, RuntimeError):  # a read-only home directory, or none
        return
    if os.access(folder, os.W_OK):
        environ["JAX_COMPILATION_CACHE_DIR"] = str(folder)
        # Only for the default folder: the limit needs a lock, which buckets do not have.
        environ.setdefault("JAX_COMPILATION_CACHE_MAX_SIZE", str(MAX_BYTES))
