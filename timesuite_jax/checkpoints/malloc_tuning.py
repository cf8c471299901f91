"""Returns memory of finished saves to the operating system, by tuning glibc's malloc.

A save copies the state and compresses the copies in many threads. What glibc lacks for this:
  * Freed blocks below the mmap threshold, which grows by itself to 32 MiB, stay in the process. With arrays of 4 MiB, a
    few saves left a process with more than four times the state. During a save the threshold is therefore 128 KiB; in
    between it is 32 MiB, because the steps of a small model on CPU allocate the same blocks again and again.
  * Each thread may get an arena of its own, up to eight a core, and blocks freed in one arena are not reused by others.
    On two cores, thirty saves of 384 MiB left 46 MiB in free blocks; with four arenas they leave 3 MiB.
docs/reliability.md (F9) has the measurement that decided: 1.17 times the state during 200 saves, at most 1.22, where
1.3 are promised; with the default arenas 1.36. `tests/faults/test_memory.py` repeats it.
"""

import ctypes
import os

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # of malloc.h
_ARENAS = 4
_SAVING_THRESHOLD, _USUAL_THRESHOLD = 128 << 10, 32 << 20  # bytes: glibc's initial value, and its largest automatic one
_libc = ctypes.CDLL(None)
_IS_GLIBC = hasattr(_libc, "mallopt") and hasattr(_libc, "malloc_trim")


def limit_malloc_arenas() -> None:
    """Makes all threads of this process share a few arenas; call it before threads start.

    The environment variable MALLOC_ARENA_MAX takes precedence.
    """
    if _IS_GLIBC and "MALLOC_ARENA_MAX" not in os.environ:
        _libc.mallopt(_ARENA_MAX, _ARENAS)


def before_save() -> None:
    """Makes large blocks return to the operating system as soon as they are freed."""
    if _IS_GLIBC:
        _libc.mallopt(_MMAP_THRESHOLD, _SAVING_THRESHOLD)


def after_save() -> None:
    """Keeps freed large blocks in the process again, and returns the blocks that are free now."""
    if _IS_GLIBC:
        _libc.mallopt(_MMAP_THRESHOLD, _USUAL_THRESHOLD)
        _libc.malloc_trim(0)
