"""Folders of a run.

WORKDIR/checkpoints/<step>/params      trainable parameters       } Orbax, written in the background,
                          /optimizer   step and optimizer state   } visible only when complete,
                          /data        position in the data       } restored to any mesh
                          /config      config, fingerprint of the frozen parameters
                          /manifest.json  sizes and checksums of all these files (storage/checksums.py)
WORKDIR/frozen/<fingerprint>/          frozen parameters, stored once, with a manifest
WORKDIR/damaged/<step>                 damaged checkpoints that were moved aside; safe to delete
WORKDIR/config.json                    config of the run as a file that `timesuite train` reads (run_files.py)
WORKDIR/files/<key>/                   copies of files that the config names: tokenizers, interactions
WORKDIR/best.json                      evaluations that improved `training.best` (best.py)
"""

from etils import epath

from timesuite_jax.storage.remote_path import absolute


def checkpoints_folder(workdir: epath.Path) -> epath.Path:
    """Returns the folder of all checkpoints."""
    return workdir / "checkpoints"


def has_checkpoint(workdir: epath.PathLike) -> bool:
    """Returns whether a work folder has a checkpoint, complete or not."""
    folder = checkpoints_folder(absolute(workdir))
    return folder.exists() and any(path.name.isdigit() for path in folder.iterdir())


def step_folder(workdir: epath.Path, step: int) -> epath.Path:
    """Returns the folder of one checkpoint."""
    return checkpoints_folder(workdir) / str(step)


def frozen_folder(workdir: epath.Path, name: str) -> epath.Path:
    """Returns the folder of frozen parameters with this fingerprint."""
    return workdir / "frozen" / name
