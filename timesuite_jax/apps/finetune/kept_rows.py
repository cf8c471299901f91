"""Keeps the file of rows that a run was started with, in WORKDIR/rows, and finds what was changed in it since."""

import itertools
import shutil
from pathlib import Path
from typing import Any

from timesuite_jax.apps.finetune.raw_rows import shown
from timesuite_jax.data.corpora.tfrecord import cannot_write
from timesuite_jax.errors import UserError
from timesuite_jax.storage.atomic_write import atomic_write
from timesuite_jax.storage.compressed import explain_read_errors, open_decompressed
from timesuite_jax.storage.remote_path import make_folder

_FOLDER = "rows"
_MAX_BYTES = 2**30  # that are compared


def keep_rows(rows: Path, workdir: Path) -> str:
    """Copies a file of rows into the folder of a run, and returns the name of the copy.

    Raises:
      UserError: it cannot be written.
    """
    kept = workdir / _FOLDER / rows.name
    try:
        make_folder(kept.parent)
        with atomic_write(kept) as partial:
            shutil.copyfile(rows, partial)
    except OSError as error:
        raise cannot_write(workdir, error) from error
    return kept.name


def changed_rows(rows: Path, workdir: Path, name: Any) -> UserError:
    """The error for a file of rows that is not the one that a run was started with, with the first line that differs.

    Args:
      rows: the file.
      workdir: of the run.
      name: of the copy, as the run has recorded it: a start that was interrupted may have left another.
    """
    remedy = "give another --workdir for the new rows"
    kept = workdir / _FOLDER / str(name)
    if not kept.is_file():
        return UserError(f"{rows} was changed after {workdir} was started; {remedy}, or restore it")
    pairs = itertools.zip_longest(_lines(kept), _lines(rows))
    number, old, new = next(((n, *pair) for n, pair in enumerate(pairs, 1) if pair[0] != pair[1]), (0, None, None))
    changed = f"line {number} was {_shown(old)} and is {_shown(new)}"
    if not number:
        changed = "its line ends or its compression differ"
    return UserError(
        f"{rows} is not the file that {workdir} was started with: {changed}; {remedy}, or restore it from {kept}"
    )


def _lines(path: Path) -> list[bytes]:
    with explain_read_errors(path), open_decompressed(path) as file:
        return file.read(_MAX_BYTES).splitlines()


def _shown(line: bytes | None) -> str:
    return "absent" if line is None else shown(line.decode("utf-8", "replace"))
