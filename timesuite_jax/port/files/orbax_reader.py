"""Reads the parameters of Orbax folders a few leaves at a time, so that the whole model is never in memory.

A folder is the result of an import (`params` below it), a bare Orbax checkpoint, or the folder of a training run, which
has trained and frozen parameters in two checkpoints; both are read as one.

Files are checked against their manifest before the first value is read: Orbax reads a flipped bit as a weight.
"""

import itertools
import math
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
import orbax.checkpoint as ocp
from etils import epath
from jaxtyping import Shaped

from timesuite_jax import param_tree as trees
from timesuite_jax.errors import UserError
from timesuite_jax.param_tree import ParamPath
from timesuite_jax.storage.batches import BATCH_BYTES, batches
from timesuite_jax.storage.checksums import MANIFEST, find_damage
from timesuite_jax.storage.remote_path import absolute, to_path


def is_orbax(folder: epath.PathLike) -> bool:
    """Whether a folder looks like an import's result, a bare Orbax checkpoint or the folder of a training run."""
    return any((to_path(folder) / part).exists() for part in ("_METADATA", "params/_METADATA", "checkpoints"))


class OrbaxParams:
    """The parameters of a folder: `leaves` has shapes and types by path, `read` the values.

    Leaves are read in batches, of which the last is kept: reading in sorted order reads each leaf once.

    Args:
      folder: see `is_orbax`.
      step: which checkpoint of a run; None: the newest.
      group: (path, all paths) -> key; neighbours in sorted order with the same key are read together.
      batch_bytes: what is read at once.

    Raises:
      UserError: if the folder has no checkpoint, or it cannot be read.
    """

    def __init__(
        self,
        folder: epath.PathLike,
        step: int | None = None,
        group: Callable[[ParamPath, Collection[ParamPath]], ParamPath] = lambda path, _: path,
        batch_bytes: int = BATCH_BYTES,
    ):
        self.leaves: dict[ParamPath, Any] = {}
        self._parts: dict[ParamPath, _Part] = {}
        # The handler, not a checkpointer: that warns of other items in a run's folder.
        reader = ocp.PyTreeCheckpointHandler()
        for part in _parts(absolute(folder), step):
            try:
                tree = reader.metadata(part.folder).tree
            except (OSError, ValueError, KeyError, AttributeError) as error:
                raise UserError(
                    f"{part.folder} is not a readable Orbax checkpoint ({error}); write it again"
                ) from error
            for path, leaf in trees.leaves_with_paths(tree):
                self._parts[path], self.leaves[path] = part, leaf
        reader.close()
        self._unchecked = set(self._parts.values())
        self._values: dict[ParamPath, np.ndarray] = {}
        units = [
            list(unit) for _, unit in itertools.groupby(sorted(self.leaves), lambda path: group(path, self.leaves))
        ]
        size = {path: math.prod(leaf.shape) * np.dtype(leaf.dtype).itemsize for path, leaf in self.leaves.items()}
        groups = batches([sum(size[path] for path in unit) for unit in units], batch_bytes)
        together = [[path for unit in positions for path in units[unit]] for positions in groups]
        self._batch = {path: paths for paths in together for path in paths}

    def read(self, path: ParamPath) -> Shaped[np.ndarray, "..."]:
        """The values of a leaf.

        Raises:
          UserError: if the files are damaged.
        """
        if path not in self._values:
            self._values = {}  # freed before the next are read
            batch = self._batch[path]
            for part in {self._parts[other] for other in batch}:
                if part in self._unchecked:
                    part.check()
                    self._unchecked.remove(part)
                self._values |= _restore(part.folder, [other for other in batch if self._parts[other] == part])
        return self._values[path]


class _Part(NamedTuple):
    """An Orbax checkpoint, and the folder with the manifest of its files: its own or one above; None: no manifest."""

    folder: epath.Path
    manifest_dir: epath.Path | None

    def check(self) -> None:
        """Reads all of its files.

        Raises:
          UserError: if they differ from their manifest.
        """
        if self.manifest_dir is None:
            return
        below = "" if self.manifest_dir == self.folder else f"{self.folder.name}/"
        damage = find_damage(self.manifest_dir, lambda _, name: name.startswith(below))
        if damage:
            listed = "; ".join([*damage[:3], *(["..."] if damage[3:] else [])])
            raise UserError(f"{self.manifest_dir} is damaged ({listed}); restore a copy, or give another checkpoint")


def _restore(folder: epath.Path, paths: Sequence[ParamPath]) -> dict[ParamPath, np.ndarray]:
    restore_args = trees.from_paths({path: ocp.RestoreArgs(restore_type=np.ndarray) for path in paths})
    item = trees.from_paths(dict.fromkeys(paths, 0))
    args = ocp.args.PyTreeRestore(item=item, restore_args=restore_args, partial_restore=True)
    try:
        with ocp.Checkpointer(ocp.PyTreeCheckpointHandler()) as reader:
            restored = reader.restore(folder, args=args)
    except (OSError, ValueError) as error:
        names = ", ".join("/".join(path) for path in paths[:3])
        raise UserError(f"{folder} cannot be read ({names}: {error}); write the checkpoint again") from error
    return dict(trees.leaves_with_paths(restored))


def _parts(folder: epath.Path, step: int | None) -> list[_Part]:
    """The Orbax checkpoints that together have all parameters."""
    for part in (folder, folder / "params"):
        if (part / "_METADATA").exists():
            return [_Part(part, part if (part / MANIFEST).exists() else None)]
    steps = [int(path.name) for path in (folder / "checkpoints").glob("*") if path.name.isdigit()]
    if not steps:
        raise UserError(f"{folder} has no checkpoint; give the folder of an import or of a training run")
    checkpoint = folder / "checkpoints" / str(max(steps) if step is None else step)
    with ocp.Checkpointer(ocp.JsonCheckpointHandler()) as reader:
        frozen = reader.restore(checkpoint / "config")["frozen"]
    parts = [_Part(checkpoint / "params", checkpoint)]
    return [*parts, _Part(folder / "frozen" / frozen, folder / "frozen" / frozen)] if frozen else parts
