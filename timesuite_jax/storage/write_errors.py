"""Turns write errors of the operating system into messages for the user, whichever library raises them."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from timesuite_jax.errors import UserError

_FULL = {errno.ENOSPC: "no space left", errno.EDQUOT: "disk quota exceeded", errno.EFBIG: "file too large"}
_READ_ONLY = {
    errno.EROFS: "read-only file system",
    errno.EACCES: "permission denied",
    errno.EPERM: "operation not permitted",
}
_FAILING = {errno.EIO: "input/output error", errno.ESTALE: "stale file handle", errno.ETIMEDOUT: "connection timed out"}
_EXISTING = {errno.EEXIST: "file exists", errno.EISDIR: "is a directory", errno.ENOTDIR: "not a directory"}
_INVALID = {errno.ENAMETOOLONG: "file name too long"}
_NO_FOLDER = "no such file or directory"  # of a place where none can be created, e.g. below /proc
_REMEDIES = (
    (_FULL, "free some space or choose"),
    (_READ_ONLY, "make it writable or choose"),
    (_FAILING, "check the disk or choose"),
    (_EXISTING, "move it or choose"),
    (_INVALID, "choose"),
)


@contextmanager
def explain_write_errors(place: Any, what: str = "path") -> Iterator[None]:
    """Raises write errors of the operating system as a `UserError`; storage libraries wrap the cause in various ways.

    Args:
      place: the path that is written.
      what: what to choose instead, in the message ("choose another path").

    Raises:
      UserError: with the path, the cause and the remedy. Other errors are raised unchanged.
    """
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, FileNotFoundError) and _leads_to(cause.filename, place):
                raise UserError(f"cannot write to {place}: {_NO_FOLDER}; choose another {what}") from error
            number, text = getattr(cause, "errno", None), str(cause)
            for known, remedy in _REMEDIES:
                for code, reason in known.items():
                    if number == code or os.strerror(code) in text:
                        if known is _EXISTING:
                            reason += _conflicting_path(cause, place)
                        raise UserError(f"cannot write to {place}: {reason}; {remedy} another {what}") from error
            cause = cause.__cause__ or cause.__context__
        raise


def cause_of(error: OSError) -> str:
    """Returns what is wrong, in words; errors of gcsfs have no number, and that of an absent bucket only a URL."""
    if isinstance(error, FileNotFoundError) and not error.strerror:
        return "no such bucket"
    return error.strerror or str(error) or type(error).__name__


def _leads_to(name: Any, place: Any) -> bool:
    """Whether a path is the place or a folder above it, so that not a file that is read is missing."""
    return name is not None and Path(str(place)).is_relative_to(str(name))


def _conflicting_path(error: BaseException, place: Any) -> str:
    """Returns the path of an error in parentheses, where it is not the place itself."""
    name = getattr(error, "filename", None)
    return f" ({name})" if name and str(name) != str(place) else ""
