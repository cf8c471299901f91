"""Keeps compiled programs on disk: a command that runs again does not compile again.

This is JAX's persistent compilation cache, set up through JAX's own environment variables before JAX is imported.
Whoever sets one of them has the last word: `JAX_COMPILATION_CACHE_DIR=gs://BUCKET/compiled` lets all hosts of a pod
share one folder, `JAX_COMPILATION_CACHE_DIR=` (empty) turns it off.
"""

import os
from collections.abc import MutableMapping
from pathlib import Path

# What compiles in less is not worth a file: reading one from a bucket takes as long. JAX's own bound, one second,
# would leave out some of what a small model spends its start-up on.
MIN_COMPILE_SECONDS = 0.1
# The least recently used programs go first; a training run's take 2 MB on a laptop.
MAX_BYTES = 2**30


def use_compile_cache(environ: MutableMapping[str, str]) -> None:
    """Sets the variables that are not set; a home that cannot be written is no error, programs are then compiled.

    Args:
      environ: `os.environ`.
    """
    environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", str(MIN_COMPILE_SECONDS))
    if "JAX_COMPILATION_CACHE_DIR" in environ:
        return
    try:
        folder = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "timesuite" / "compiled"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # who can write there can run code as this user
    except (OSError, RuntimeError):  # a home that is read-only, or none at all
        return
    if os.access(folder, os.W_OK):
        environ["JAX_COMPILATION_CACHE_DIR"] = str(folder)
        # Not for folders that are given: the limit needs a lock, and a bucket has none.
        environ.setdefault("JAX_COMPILATION_CACHE_MAX_SIZE", str(MAX_BYTES))
