"""Checks the output files of a command before it starts to work."""

import os
from pathlib import Path

from etils import epath

from timesuite_jax.errors import UserError
from timesuite_jax.storage.remote_path import is_remote, to_path


def check_outputs(*files: epath.PathLike | None) -> None:
    """Checks that files can be written and that their folders exist; None is skipped. A bucket has no folders.

    Raises:
      UserError: naming the file that cannot be written.
    """
    for given in files:
        if given is None or is_remote(to_path(given)):
            continue
        file = Path(given)
        if file.is_dir():
            raise UserError(f"{file} is a folder; give the name of a file")
        if not file.absolute().parent.is_dir():
            raise UserError(f"cannot write {file}: there is no folder {file.parent}; create it or choose another")
        if not os.access(file if file.exists() else file.absolute().parent, os.W_OK):
            raise UserError(f"cannot write {file}: it is read-only, or permission is denied; choose another file")
