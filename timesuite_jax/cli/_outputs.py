"""Checks the output files of a command before it starts to work."""

import itertools
import os
from collections.abc import Sequence
from pathlib import Path, PurePath

from etils import epath

from timesuite_jax.errors import UserError
from timesuite_jax.storage.remote_path import is_remote, to_path


def check_outputs(*files: epath.PathLike | None, inputs: Sequence[epath.PathLike | None] = ()) -> None:
    """Checks that files can be written, and that their folders exist: a bucket has none.

    Args:
      *files: that the command writes; None is skipped.
      inputs: files that it reads, which must not be replaced; None is skipped.

    Raises:
      UserError: naming the file that cannot be written, is an input, or is written twice.
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
    written = [file for file in files if file is not None]
    for first, second in itertools.combinations(written, 2):
        if _same(first, second):
            raise UserError(f"the outputs {first} and {second} are the same file; give two files")
    for file, source in itertools.product(written, inputs):
        if source is not None and _same(file, source):
            raise UserError(f"{file} is an input of the command, which it would replace; choose another file")


def check_png(timeline: epath.PathLike | None) -> None:
    """Checks the suffix of --timeline, a picture in PNG; None is skipped.

    Raises:
      UserError: the suffix is that of another format.
    """
    suffix = PurePath(timeline).suffix if timeline is not None else ""
    if suffix.lower() not in ("", ".png"):
        raise UserError(f"--timeline {timeline}: timelines are written as PNG, not {suffix}; give a name in .png")


def _same(first: epath.PathLike, second: epath.PathLike) -> bool:
    """Whether two paths lead to one file; names of links count as what they lead to."""
    if is_remote(to_path(first)) or is_remote(to_path(second)):
        return os.fspath(first) == os.fspath(second)
    one, other = Path(first), Path(second)
    return one.samefile(other) if one.exists() and other.exists() else one.resolve() == other.resolve()
