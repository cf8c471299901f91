"""Trouble with the disk of a work folder."""

from contextlib import AbstractContextManager

from etils import epath

from timesuite_jax.disk import writing


def named_disk_errors(folder: epath.Path) -> AbstractContextManager[None]:
    """Turns what the disk refuses into a sentence for the user, who may choose another work folder.

    Raises:
      UserError: within, naming the folder, the trouble and the remedy.
    """
    return writing(folder, "work folder")
