"""Orbax folders written and read a few leaves at a time, so that neither way needs the whole model in memory.

An import leaves `OUT/params` (a plain nested dict, readable by any Orbax `StandardCheckpointer`, with a manifest of its
files) and `OUT/port.json` (what became of every key). A training run leaves trained and frozen parameters in two
folders; both are read as one.

Files are held against their manifest before the first value is read: Orbax by itself reads a flipped bit as a weight.
"""

import itertools
import json
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import orbax.checkpoint as ocp
import tensorstore as ts
from etils import epath

from timesuite_jax import param_tree as trees
from timesuite_jax.errors import UserError
from timesuite_jax.param_tree import ParamPath
from timesuite_jax.port.lazy_array import LazyArray
from timesuite_jax.port.loading_order import ModelPort
from timesuite_jax.port.quantize import path_in_files
from timesuite_jax.port.report import LoadReport
from timesuite_jax.port.tree_source import TreeSource
from timesuite_jax.storage.checksums import MANIFEST, find_damage, write_manifest
from timesuite_jax.storage.write_errors import explain_write_errors

_CHUNK = 64 * 2**20  # bytes; Orbax copies and compresses chunk by chunk, so this bounds what it needs beside a leaf
_BATCH = 64 * 2**20  # bytes of leaves that travel together: small ones one by one would take seconds for their opening


class _PendingHandler(ocp.type_handlers.NumpyHandler):
    """Writes `LazyArray` leaves, a few at a time and each in parts: a stacked leaf may be a quarter of the model.

    Should another Orbax not call `_open_and_write`, it finds an `__array__` and writes the leaf in one piece.
    """

    def __init__(self):
        super().__init__(deepcopy_host_arrays=False)
        self._failed: list[Exception] = []

    async def serialize(self, values: Any, infos: Any, args: Any = None) -> list[Any]:
        args = args or [ocp.SaveArgs()] * len(values)
        for batch in _batches([leaf.size * leaf.dtype.itemsize for leaf in values]):
            several = ([items[i] for i in batch] for items in (values, infos, args))
            for written in await super().serialize(*several):
                written.result()
            if self._failed:
                raise self._failed[0]
        return []

    async def _open_and_write(self, value: LazyArray, tspec: dict[str, Any], ts_context: ts.Context) -> None:
        """Writes a leaf. If that fails it is told after its batch: whoever tidies up must not be written after."""
        try:
            await self._write(value, tspec, ts_context)
        except Exception as error:
            self._failed.append(error)

    async def _write(self, value: LazyArray, tspec: dict[str, Any], ts_context: ts.Context) -> None:
        store = await ts.open(ts.Spec(tspec), create=True, open=True, context=ts_context)
        if not value.shape:
            await store.write(value.whole())
            return
        chunk = store.chunk_layout.write_chunk.shape or value.shape
        rows = chunk[0] or 1  # whole chunks: one written in halves is written twice
        for begin in range(0, value.shape[0], rows):
            part = slice(begin, min(begin + rows, value.shape[0]))
            await store[part].write(value.fill((part, *(slice(size) for size in value.shape[1:]))))


def _save_args(leaf: LazyArray) -> ocp.SaveArgs:
    """How a leaf is cut. A large stack goes layer by layer, as its values come; Orbax by itself would cut across."""
    layered = leaf.stacked and leaf.size * leaf.dtype.itemsize > _CHUNK
    return ocp.SaveArgs(chunk_byte_size=_CHUNK, shard_axes=(0,) if layered else ())


def _batches(sizes: Sequence[int]) -> list[list[int]]:
    """Consecutive positions in groups of at most `_BATCH` bytes; what is larger goes alone."""
    groups: list[list[int]] = []
    room = -1
    for position, size in enumerate(sizes):
        if size > room:
            groups.append([])
            room = _BATCH
        groups[-1].append(position)
        room -= size
    return groups


def write_import(folder: Path, leaves: Mapping[ParamPath, LazyArray], report: LoadReport) -> None:
    """Writes `folder/params` and `folder/port.json`, or nothing.

    Args:
      folder: new, or empty.
      leaves: what to write; each is read when its turn comes.
      report: goes to `port.json`.

    Raises:
      UserError: if the folder is in use or cannot be written.
    """
    with explain_write_errors(folder):
        in_use = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if in_use:
        raise UserError(f"{folder} is in use; give --out a new folder")
    registry = ocp.type_handlers.create_type_handler_registry(
        (LazyArray, _PendingHandler()), (jax.Array, ocp.type_handlers.ArrayHandler())
    )
    tree = trees.from_paths(leaves)
    save_args = jax.tree.map(_save_args, tree)
    # A data file is gathered in memory before it is written, so a small one also bounds what a save needs.
    args = ocp.args.PyTreeSave(tree, save_args=save_args, ocdbt_target_data_file_size=_CHUNK)
    try:
        with explain_write_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with ocp.Checkpointer(ocp.PyTreeCheckpointHandler(type_handler_registry=registry)) as writer:
                writer.save((folder / "params").absolute(), args=args)
            write_manifest(epath.Path(folder / "params"))
            (folder / "port.json").write_text(json.dumps(report.to_json(), indent=1), encoding="utf-8")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)  # all in it is of this import: it was new, or empty
        raise


def is_orbax(folder: Path) -> bool:
    """Does this look like an import's result, a bare Orbax folder, or the folder of a training run?"""
    return any((folder / part).exists() for part in ("_METADATA", "params/_METADATA", "checkpoints"))


def open_orbax(port: ModelPort, folder: Path, step: int | None = None) -> TreeSource:
    """The parameters of an Orbax folder, or of a checkpoint of a training run, under torch's names.

    Args:
      port: the model.
      folder: of an import, of Orbax, or of a run.
      step: which checkpoint of a run; the newest if not given.

    Raises:
      UserError: if it holds no checkpoint, or that of another model.
    """
    homes: dict[ParamPath, _Part] = {}
    leaves: dict[ParamPath, Any] = {}
    # The handler, not a checkpointer: that warns of what a run's folder has one level up.
    reader = ocp.PyTreeCheckpointHandler()
    for part in _parts(folder, step):
        try:
            tree = reader.metadata(epath.Path(part.folder).absolute()).tree
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise UserError(f"{part.folder} is no readable Orbax checkpoint ({error}); write it again") from error
        for path, leaf in trees.leaves_with_paths(tree):
            homes[path], leaves[path] = part, leaf
    reader.close()
    return TreeSource(port, leaves, _Batched(homes, leaves), str(folder))


class _Part(NamedTuple):
    """An Orbax folder, and where the manifest of its files lies: there or above; None: it has none."""

    folder: Path
    sealed: Path | None

    def check(self) -> None:
        """Reads all of its files.

        Raises:
          UserError: if they are not as they were written.
        """
        if self.sealed is None:
            return
        below = "" if self.sealed == self.folder else f"{self.folder.name}/"
        damage = find_damage(epath.Path(self.sealed), lambda _, name: name.startswith(below))
        if damage:
            named = "; ".join([*damage[:3], *(["..."] if damage[3:] else [])])
            raise UserError(f"{self.sealed} is damaged ({named}); bring back a copy, or give another checkpoint")


class _Batched:
    """Reads leaves in batches and remembers the last: `TreeSource` lists tensors in order of their leaves' paths."""

    def __init__(self, homes: Mapping[ParamPath, _Part], leaves: Mapping[ParamPath, Any]):
        self._homes, self._unchecked = homes, set(homes.values())
        self._values: dict[ParamPath, np.ndarray] = {}
        # Codes and scales of a kernel are asked for together.
        units = [list(unit) for _, unit in itertools.groupby(sorted(leaves), lambda path: path_in_files(path, leaves))]
        size = {path: math.prod(leaf.shape) * np.dtype(leaf.dtype).itemsize for path, leaf in leaves.items()}
        sizes = [sum(size[path] for path in unit) for unit in units]
        groups = [[path for position in batch for path in units[position]] for batch in _batches(sizes)]
        self._mates = {path: group for group in groups for path in group}

    def __call__(self, path: ParamPath) -> np.ndarray:
        if path not in self._values:
            self._values = {}  # before the next are read
            group = self._mates[path]
            for part in {self._homes[mate] for mate in group}:
                if part in self._unchecked:
                    part.check()
                    self._unchecked.remove(part)
                self._values |= _restore(part.folder, [mate for mate in group if self._homes[mate] == part])
        return self._values[path]


def _restore(part: Path, paths: Sequence[ParamPath]) -> dict[ParamPath, np.ndarray]:
    restore_args = trees.from_paths({path: ocp.RestoreArgs(restore_type=np.ndarray) for path in paths})
    item = trees.from_paths(dict.fromkeys(paths, 0))
    args = ocp.args.PyTreeRestore(item=item, restore_args=restore_args, partial_restore=True)
    try:
        with ocp.Checkpointer(ocp.PyTreeCheckpointHandler()) as reader:
            restored = reader.restore(part.absolute(), args=args)
    except (OSError, ValueError) as error:
        names = ", ".join("/".join(path) for path in paths[:3])
        raise UserError(f"{part} cannot be read ({names}: {error}); write the checkpoint again") from error
    return dict(trees.leaves_with_paths(restored))


def _parts(folder: Path, step: int | None) -> list[_Part]:
    """The Orbax folders that together hold all parameters."""
    for part in (folder, folder / "params"):
        if (part / "_METADATA").exists():
            return [_Part(part, part if (part / MANIFEST).exists() else None)]
    steps = [int(path.name) for path in (folder / "checkpoints").glob("*") if path.name.isdigit()]
    if not steps:
        raise UserError(f"{folder} holds no checkpoint; give the folder of an import or of a training run")
    home = folder / "checkpoints" / str(max(steps) if step is None else step)
    with ocp.Checkpointer(ocp.JsonCheckpointHandler()) as reader:
        frozen = reader.restore((home / "config").absolute())["frozen"]
    parts = [_Part(home / "params", home)]
    return [*parts, _Part(folder / "frozen" / frozen, folder / "frozen" / frozen)] if frozen else parts
