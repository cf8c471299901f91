"""Writes and verifies manifests of checkpoints, and moves damaged checkpoints aside."""

import jax
from etils import epath

from timesuite_jax import parallel
from timesuite_jax.checkpoints.layout import step_folder
from timesuite_jax.storage.checksums import find_damage, write_manifest
from timesuite_jax.storage.orbax_overrides import unfinished_folder
from timesuite_jax.storage.write_errors import explain_write_errors


def seal(folder: epath.Path) -> None:
    """Writes the manifest of a checkpoint that is complete and not visible yet; process 0 does it."""
    if jax.process_index() == 0:
        write_manifest(unfinished_folder(folder))


def find_damage_together(workdir: epath.Path, folder: epath.Path, item: str = "") -> list[str]:
    """Compares the files of a folder with its manifest; processes divide the files between them.

    Args:
      workdir: of the run.
      folder: sealed folder below `workdir`.
      item: prefix of the files to check; all if empty.

    Returns:
      One line for each damaged file, in every process; empty if the folder is intact.
    """
    index, count = jax.process_index(), jax.process_count()
    own = find_damage(folder, lambda number, name: number % count == index and name.startswith(item))
    return [f"{folder.relative_to(workdir)}/{line}" for line in parallel.allgather_strings(own)]


def move_aside(workdir: epath.Path, step: int) -> epath.Path:
    """Moves a damaged checkpoint to WORKDIR/damaged, so that the run can save the same step again.

    Returns:
      The new folder.

    Raises:
      UserError: if it cannot be moved.
    """
    folder, number = workdir / "damaged", 0
    while (target := folder / (f"{step}-{number}" if number else f"{step}")).exists():
        number += 1
    parallel.allgather_strings([])  # All processes have chosen the target before it exists.
    if jax.process_index() == 0:
        with explain_write_errors(workdir, "work folder"):
            folder.mkdir(parents=True, exist_ok=True)
            step_folder(workdir, step).rename(target)
    parallel.allgather_strings([])
    return target
