"""A full, closed or failing disk in a sentence, whatever a storage library makes of it."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from etils import epath

from timesuite_jax.errors import UserError

_FULL = {errno.ENOSPC: "no space is left", errno.EDQUOT: "the quota is used up", errno.EFBIG: "a file grew too large"}
_CLOSED = {errno.EROFS: "it is read-only", errno.EACCES: "permission is denied", errno.EPERM: "permission is denied"}
_FAILING = {errno.EIO: "the disk fails", errno.ESTALE: "its server has lost it", errno.ETIMEDOUT: "it does not answer"}
_REMEDIES = ((_FULL, "free some or choose"), (_CLOSED, "make it writable or choose"), (_FAILING, "mend it or choose"))


@contextmanager
def named_disk_errors(folder: epath.Path) -> Iterator[None]:
    """Turns trouble with a disk into a sentence for the user; storage libraries wrap the cause in various ways.

    Raises:
      UserError: naming the folder, the trouble and the remedy.
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
                        message = f"cannot write to {folder}: {trouble}; {remedy} another work folder"
                        raise UserError(message) from error
            if isinstance(cause, FileExistsError | NotADirectoryError):
                raise UserError(f"{folder} is not a folder; choose another work folder") from error
            cause = cause.__cause__ or cause.__context__
        raise
