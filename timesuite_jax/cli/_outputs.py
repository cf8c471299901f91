"""Checks the output files of a command before it starts to work."""

import os
from pathlib import Path

from timesuite_jax.errors import UserError


def check_outputs(*files: Path | None) -> None:
    """Checks that files can be written and that their folders exist; None is skipped.

    Raises:
      UserError: naming the file that cannot be written.
    """
    for file in files:
        if file is None:
            continue
        if file.is_dir():
            raise UserError(f"{file} is a folder; give the name of a file")
        if not file.absolute().parent.is_dir():
            raise UserError(f"cannot write {file}: there is no folder {file.parent}; create it or choose another")
        if not os.access(file if file.exists() else file.absolute().parent, os.W_OK):
            raise UserError(f"cannot write {file}: it is read-only, or permission is denied; choose another file")
