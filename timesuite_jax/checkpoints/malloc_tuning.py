"""Gives back to the system what a save has taken.

A save copies the state and compresses the copies, in many threads. glibc's malloc keeps for each thread what it has
freed, in case it asks again, if the pieces are smaller than 32 MiB: with arrays of 4 MiB, a few saves left a process
with more than four times the state. So, while something is saved, pieces from 128 KiB on come from the system and go
back to it; in between they are kept, since the steps of a small model on CPU ask for them again and again.

Small pieces lie in arenas, of which glibc makes eight a core as threads come, and what one thread has freed in its own
is of no use to the others. On two cores, thirty saves of 384 MiB left 46 MiB in holes; in four arenas they leave 3.
"""

import ctypes
import os

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # of malloc.h
_ARENAS = 4
_LARGE, _USUAL = 128 << 10, 32 << 20  # bytes: where malloc begins, and where a program that frees much takes it
_libc = ctypes.CDLL(None)
_IS_GLIBC = hasattr(_libc, "mallopt") and hasattr(_libc, "malloc_trim")


def limit_malloc_arenas() -> None:
    """Lets all threads of this process share a few arenas; to be called before there are any.

    Whoever sets MALLOC_ARENA_MAX has the last word.
    """
    if _IS_GLIBC and "MALLOC_ARENA_MAX" not in os.environ:
        _libc.mallopt(_ARENA_MAX, _ARENAS)


def before_save() -> None:
    """From now on, large pieces of memory go back to the system when they are freed."""
    if _IS_GLIBC:
        _libc.mallopt(_MMAP_THRESHOLD, _LARGE)


def after_save() -> None:
    """Large pieces are kept again, and small ones that are free now go back."""
    if _IS_GLIBC:
        _libc.mallopt(_MMAP_THRESHOLD, _USUAL)
        _libc.malloc_trim(0)
