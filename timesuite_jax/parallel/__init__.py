"""Parallel: the mesh of devices and the one table that says which dimension lies along which of its axes.

Nothing else in the package mentions mesh axes: models name logical axes ("embed", "heads", ...), the training loop asks
this room where a parameter or a batch goes.
"""

from timesuite_jax.parallel.batch import (
    WHOLE,
    Share,
    batch_multiple,
    batch_sharding,
    batch_share,
    check_batch,
    own_rows,
    put_batch,
)
from timesuite_jax.parallel.compiler import compiler_options
from timesuite_jax.parallel.mesh import MESH_AXES, MeshSpec, make_mesh
from timesuite_jax.parallel.processes import Wishes, gather_lines, in_all, join_processes
from timesuite_jax.parallel.rules import DEFAULT_RULES, Rules, abstract_arrays, make_rules, placed, shardings
from timesuite_jax.parallel.topology import HBM_BYTES, describe_topology

__all__ = [
    "DEFAULT_RULES",
    "HBM_BYTES",
    "MESH_AXES",
    "WHOLE",
    "MeshSpec",
    "Rules",
    "Share",
    "Wishes",
    "abstract_arrays",
    "batch_multiple",
    "batch_sharding",
    "batch_share",
    "check_batch",
    "compiler_options",
    "describe_topology",
    "gather_lines",
    "in_all",
    "join_processes",
    "make_mesh",
    "make_rules",
    "own_rows",
    "placed",
    "put_batch",
    "shardings",
]
