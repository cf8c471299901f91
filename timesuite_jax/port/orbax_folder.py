"""Orbax folders written and read one leaf at a time, so that neither way needs the whole model in memory.

An import leaves `OUT/params` (a plain nested dict, readable by any Orbax `StandardCheckpointer`) and `OUT/port.json`
(what became of every key). A training run leaves trained and frozen parameters in two folders; both are read as one.
"""

import json
from collections.abc import Mapping
from pathlib import Path as File
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp

from timesuite_jax import tree as trees
from timesuite_jax.errors import UserError
from timesuite_jax.port.loading import Pending
from timesuite_jax.port.report import Report
from timesuite_jax.port.roles import ModelPort
from timesuite_jax.port.tree_source import TreeSource
from timesuite_jax.tree import Path

_CHUNK = 64 * 2**20  # bytes; Orbax copies and compresses chunk by chunk, so this bounds what it needs beside a leaf


class _PendingHandler(ocp.type_handlers.NumpyHandler):
    """Writes `Pending` leaves one after the other: reads one, writes it, forgets it."""

    async def serialize(self, values: Any, infos: Any, args: Any = None) -> list[Any]:
        for position, (leaf, info) in enumerate(zip(values, infos, strict=True)):
            own_args = None if args is None else [args[position]]
            for written in await super().serialize([leaf.whole()], [info], own_args):
                written.result()
        return []


def write_import(folder: File, leaves: Mapping[Path, Pending], report: Report) -> None:
    """Writes `folder/params` and `folder/port.json`.

    Args:
      folder: new, or empty.
      leaves: what to write; each is read when its turn comes.
      report: goes to `port.json`.

    Raises:
      UserError: if the folder is in use or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is in use; give --out a new folder")
    registry = ocp.type_handlers.create_type_handler_registry(
        (Pending, _PendingHandler(deepcopy_host_arrays=False)), (jax.Array, ocp.type_handlers.ArrayHandler())
    )
    tree = trees.from_paths(leaves)
    save_args = jax.tree.map(lambda _: ocp.SaveArgs(chunk_byte_size=_CHUNK), tree)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ocp.Checkpointer(ocp.PyTreeCheckpointHandler(type_handler_registry=registry)) as writer:
            writer.save((folder / "params").absolute(), args=ocp.args.PyTreeSave(tree, save_args=save_args))
        (folder / "port.json").write_text(json.dumps(report.to_json(), indent=1), encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {folder}: {error}; choose another place") from error


def is_orbax(folder: File) -> bool:
    """Does this look like an import's result, a bare Orbax folder, or the folder of a training run?"""
    return any((folder / part).exists() for part in ("_METADATA", "params/_METADATA", "checkpoints"))


def open_orbax(port: ModelPort, folder: File) -> TreeSource:
    """The parameters of an Orbax folder (or of the newest checkpoint of a training run) under torch's names.

    Raises:
      UserError: if it holds no checkpoint, or that of another model.
    """
    homes: dict[Path, File] = {}
    leaves: dict[Path, Any] = {}
    reader = ocp.StandardCheckpointer()
    for part in _parts(folder):
        try:
            tree = reader.metadata(part.absolute()).item_metadata.tree
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise UserError(f"{part} is no readable Orbax checkpoint ({error}); write it again") from error
        for path, leaf in trees.leaves_with_paths(tree):
            homes[path], leaves[path] = part, leaf
    reader.close()
    return TreeSource(port, leaves, _OneLeaf(homes), str(folder))


class _OneLeaf:
    """Reads leaves and remembers the last: `TreeSource` lists all layers of a stacked leaf one after another."""

    def __init__(self, homes: Mapping[Path, File]):
        self._homes = homes
        self._path: Path | None = None
        self._value: np.ndarray | None = None

    def __call__(self, path: Path) -> np.ndarray:
        if path != self._path or self._value is None:
            self._value = None  # before the next is read
            self._value, self._path = _restore(self._homes[path], path), path
        return self._value


def _restore(part: File, path: Path) -> np.ndarray:
    item: dict[str, Any] = trees.from_paths({path: 0})
    restore_args = trees.from_paths({path: ocp.RestoreArgs(restore_type=np.ndarray)})
    args = ocp.args.PyTreeRestore(item=item, restore_args=restore_args, partial_restore=True)
    try:
        with ocp.Checkpointer(ocp.PyTreeCheckpointHandler()) as reader:
            restored = reader.restore(part.absolute(), args=args)
    except (OSError, ValueError) as error:
        raise UserError(f"{part}: {'/'.join(path)} cannot be read ({error}); write the checkpoint again") from error
    return dict(trees.leaves_with_paths(restored))[path]


def _parts(folder: File) -> list[File]:
    """The Orbax folders that together hold all parameters."""
    for part in (folder, folder / "params"):
        if (part / "_METADATA").exists():
            return [part]
    steps = [int(path.name) for path in (folder / "checkpoints").glob("*") if path.name.isdigit()]
    if not steps:
        raise UserError(f"{folder} holds no checkpoint; give the folder of an import or of a training run")
    step = folder / "checkpoints" / str(max(steps))
    with ocp.Checkpointer(ocp.JsonCheckpointHandler()) as reader:
        frozen = reader.restore((step / "config").absolute())["frozen"]
    return [step / "params", *([folder / "frozen" / frozen] if frozen else [])]
