"""Writes a parameter tree to an Orbax folder a few leaves at a time, so that the whole model is never in memory."""

from collections.abc import Mapping
from pathlib import Path

import jax
import orbax.checkpoint as ocp
from etils import epath

from timesuite_jax import param_tree as trees
from timesuite_jax.param_tree import ParamPath
from timesuite_jax.port.files.lazy_array import LazyArray
from timesuite_jax.storage.checksums import write_manifest
from timesuite_jax.storage.orbax_overrides import LazyArrayHandler

CHUNK_BYTES = 64 * 2**20  # Orbax copies and compresses chunk by chunk, so this bounds what it needs beside a leaf


def write_params(folder: Path, leaves: Mapping[ParamPath, LazyArray], chunk_bytes: int = CHUNK_BYTES) -> None:
    """Writes a plain nested dictionary that any Orbax `StandardCheckpointer` can read, and a manifest of its files.

    Args:
      folder: must not exist.
      leaves: what to write, by path; each is read when it is written.
      chunk_bytes: largest chunk, and largest data file that Orbax collects in memory.
    """
    registry = ocp.type_handlers.create_type_handler_registry(
        (LazyArray, LazyArrayHandler()), (jax.Array, ocp.type_handlers.ArrayHandler())
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
