"""Files that a command will write at its end, looked at before it begins to work."""

from pathlib import Path

from timesuite_jax.errors import UserError


def check_outputs(*files: Path | None) -> None:
    """Makes sure that the folders of these files are there; None is passed over.

    Raises:
      UserError: naming the file that could not be written.
    """
    for file in files:
        if file is None:
            continue
        if file.is_dir():
            raise UserError(f"{file} is a folder; give the name of a file")
        if not file.absolute().parent.is_dir():
            raise UserError(f"cannot write {file}: there is no folder {file.parent}; make it or choose another")
