"""The device mesh, the table from logical axes to mesh axes, batches and processes.

No other package mentions mesh axes: models name logical axes ("embed", "heads", ...), and the training loop gets the
shardings of parameters and batches from here.
"""

from timesuite_jax.parallel.batch import (
    UNSHARDED,
    ProcessShard,
    batch_multiple,
    batch_sharding,
    check_batch,
    local_rows,
    partition,
    process_shard,
    put_batch,
)
from timesuite_jax.parallel.compiler import compiler_options
from timesuite_jax.parallel.mesh import MESH_AXES, MeshSpec, make_mesh
from timesuite_jax.parallel.processes import ProcessConsensus, allgather_strings, join_processes, run_on_all_processes
from timesuite_jax.parallel.rules import DEFAULT_RULES, Rules, abstract_arrays, make_rules, mesh_context, shardings
from timesuite_jax.parallel.topology import HBM_BYTES, describe_topology

__all__ = [
    "DEFAULT_RULES",
    "HBM_BYTES",
    "MESH_AXES",
    "UNSHARDED",
    "MeshSpec",
    "ProcessConsensus",
    "ProcessShard",
    "Rules",
    "abstract_arrays",
    "allgather_strings",
    "batch_multiple",
    "batch_sharding",
    "check_batch",
    "compiler_options",
    "describe_topology",
    "join_processes",
    "local_rows",
    "make_mesh",
    "make_rules",
    "mesh_context",
    "partition",
    "process_shard",
    "put_batch",
    "run_on_all_processes",
    "shardings",
]
