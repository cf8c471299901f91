"""Folders of a run.

WORKDIR/checkpoints/<step>/params      trainable parameters       } Orbax, written in the background,
                          /optimizer   step and optimizer state   } visible only when complete,
                          /data        position in the data       } restored to any mesh
                          /config      config, fingerprint of the frozen parameters
                          /manifest.json  sizes and checksums of all these files (storage/checksums.py)
WORKDIR/frozen/<fingerprint>/          frozen parameters, stored once, with a manifest
WORKDIR/damaged/<step>                 damaged checkpoints that were moved aside; safe to delete
WORKDIR/best.json                      evaluations that improved `training.best` (best.py)
"""

from etils import epath

from timesuite_jax.storage.remote_path import is_remote


def absolute_workdir(workdir: epath.PathLike) -> epath.Path:
    """Returns the absolute path of a work folder; a bucket's URL is returned unchanged."""
    path = epath.Path(workdir)
    return path if is_remote(path) else path.absolute()  # `absolute` would turn gs:// into a local folder


def checkpoints_folder(workdir: epath.Path) -> epath.Path:
    """Returns the folder of all checkpoints."""
    return workdir / "checkpoints"


def step_folder(workdir: epath.Path, step: int) -> epath.Path:
    """Returns the folder of one checkpoint."""
    return checkpoints_folder(workdir) / str(step)


def frozen_folder(workdir: epath.Path, name: str) -> epath.Path:
    """Returns the folder of frozen parameters with this fingerprint."""
    return workdir / "frozen" / name
