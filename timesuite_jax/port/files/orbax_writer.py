"""Writes a parameter tree to an Orbax folder a few leaves at a time, so that the whole model is never in memory.

Orbax's own handlers take arrays that are already in memory, a numpy array in one piece. `_LazyArrayHandler` overrides
`NumpyHandler.serialize` and `_open_and_write`, the latter private: leaves are read batch by batch, and large ones are
written chunk by chunk. Should another version of Orbax not call `_open_and_write`, it finds an `__array__` and writes
the leaf in one piece, which needs more memory but gives the same file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import orbax.checkpoint as ocp
import tensorstore as ts
from etils import epath

from timesuite_jax import param_tree as trees
from timesuite_jax.param_tree import ParamPath
from timesuite_jax.port.files.batches import batches
from timesuite_jax.port.files.lazy_array import LazyArray
from timesuite_jax.storage.checksums import write_manifest

CHUNK_BYTES = 64 * 2**20  # Orbax copies and compresses chunk by chunk, so this bounds what it needs beside a leaf


def write_params(folder: Path, leaves: Mapping[ParamPath, LazyArray], chunk_bytes: int = CHUNK_BYTES) -> None:
    """Writes a plain nested dictionary that any Orbax `StandardCheckpointer` can read, and a manifest of its files.

    Args:
      folder: must not exist.
      leaves: what to write, by path; each is read when it is written.
      chunk_bytes: largest chunk, and largest data file that Orbax collects in memory.
    """
    registry = ocp.type_handlers.create_type_handler_registry(
        (LazyArray, _LazyArrayHandler()), (jax.Array, ocp.type_handlers.ArrayHandler())
    )
    tree = trees.from_paths(leaves)
    save_args = jax.tree.map(lambda leaf: _save_args(leaf, chunk_bytes), tree)
    args = ocp.args.PyTreeSave(tree, save_args=save_args, ocdbt_target_data_file_size=chunk_bytes)
    with ocp.Checkpointer(ocp.PyTreeCheckpointHandler(type_handler_registry=registry)) as writer:
        writer.save(folder.absolute(), args=args)
    write_manifest(epath.Path(folder))


def _save_args(leaf: LazyArray, chunk_bytes: int) -> ocp.SaveArgs:
    """How a leaf is chunked. A large stack is cut between layers, as it is read; Orbax's default cuts across them."""
    layered = leaf.stacked and leaf.nbytes > chunk_bytes
    return ocp.SaveArgs(chunk_byte_size=chunk_bytes, shard_axes=(0,) if layered else ())


class _LazyArrayHandler(ocp.type_handlers.NumpyHandler):
    def __init__(self):
        super().__init__(deepcopy_host_arrays=False)
        self._errors: list[Exception] = []

    async def serialize(self, values: Any, infos: Any, args: Any = None) -> list[Any]:
        args = args or [ocp.SaveArgs()] * len(values)
        for batch in batches([leaf.nbytes for leaf in values]):
            several = ([items[i] for i in batch] for items in (values, infos, args))
            for written in await super().serialize(*several):
                written.result()
            if self._errors:
                raise self._errors[0]
        return []

    async def _open_and_write(self, value: LazyArray, tspec: dict[str, Any], ts_context: ts.Context) -> None:
        """Writes a leaf. An error is raised after its batch: the caller deletes the folder when no write is pending."""
        try:
            await self._write(value, tspec, ts_context)
        except Exception as error:
            self._errors.append(error)

    async def _write(self, value: LazyArray, tspec: dict[str, Any], ts_context: ts.Context) -> None:
        store = await ts.open(ts.Spec(tspec), create=True, open=True, context=ts_context)
        if not value.shape:
            await store.write(value.whole())
            return
        chunk = store.chunk_layout.write_chunk.shape or value.shape
        rows = chunk[0] or 1  # whole chunks: a partly written chunk is written twice
        for begin in range(0, value.shape[0], rows):
            part = slice(begin, min(begin + rows, value.shape[0]))
            await store[part].write(value.fill((part, *(slice(size) for size in value.shape[1:]))))
