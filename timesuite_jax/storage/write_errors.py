"""A full, closed or failing disk in a sentence, whatever a storage library makes of it."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from timesuite_jax.errors import UserError

_FULL = {errno.ENOSPC: "no space is left", errno.EDQUOT: "the quota is used up", errno.EFBIG: "a file grew too large"}
_CLOSED = {errno.EROFS: "it is read-only", errno.EACCES: "permission is denied", errno.EPERM: "permission is denied"}
_FAILING = {errno.EIO: "the disk fails", errno.ESTALE: "its server has lost it", errno.ETIMEDOUT: "it does not answer"}
_IN_THE_WAY = {
    errno.EEXIST: "a file stands there",
    errno.EISDIR: "a folder stands there",
    errno.ENOTDIR: "a file stands on the way",
}
_WRONG = {errno.ENAMETOOLONG: "the name is too long"}
_REMEDIES = (
    (_FULL, "free some or choose"),
    (_CLOSED, "make it writable or choose"),
    (_FAILING, "mend it or choose"),
    (_IN_THE_WAY, "move it or choose"),
    (_WRONG, "choose"),
)


@contextmanager
def explain_write_errors(place: Any, what: str = "place") -> Iterator[None]:
    """Turns what a disk refuses into a sentence for the user; storage libraries wrap the cause in various ways.

    Args:
      place: what is written, a path.
      what: to be chosen instead.

    Raises:
      UserError: naming the place, the trouble and the remedy. Errors that are not the disk's stay as they are.
    """
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        cause: BaseException | None = error
        while cause is not None:
            number, text = getattr(cause, "errno", None), str(cause)
            for known, remedy in _REMEDIES:
                for code, trouble in known.items():
                    if number == code or os.strerror(code) in text:
                        if known is _IN_THE_WAY:
                            trouble += _which(cause, place)
                        raise UserError(f"cannot write to {place}: {trouble}; {remedy} another {what}") from error
            cause = cause.__cause__ or cause.__context__
        raise


def _which(error: BaseException, place: Any) -> str:
    """What stands in the way, or what it keeps from being written, where that is another than the place."""
    name = getattr(error, "filename", None)
    return f" ({name})" if name and str(name) != str(place) else ""
