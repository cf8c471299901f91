"""PyTorch checkpoints to parameter trees and back: one bijective table a model, readers that run no code.

Read: `open_layers` opens files in their roles, `load` and `load_into` turn them into parameters (numpy, or shard by
shard onto a mesh). Write: `export` from `TreeSource.of_params(...)` or `open_orbax(...)`.
"""

from timesuite_jax.port.compare import Difference, compare
from timesuite_jax.port.export import ExportSpec, export
from timesuite_jax.port.lazy_array import LazyArray
from timesuite_jax.port.load import LoadedParams, lazy_arrays, load, load_into
from timesuite_jax.port.loading_order import CheckpointLayer, ModelPort, Role
from timesuite_jax.port.report import LoadReport
from timesuite_jax.port.resolve import LoadPlan, resolve
from timesuite_jax.port.tree_source import TreeSource
from timesuite_jax.port.weights import WeightsSpec

__all__ = [
    "CheckpointLayer",
    "Difference",
    "ExportSpec",
    "LazyArray",
    "LoadPlan",
    "LoadReport",
    "LoadedParams",
    "ModelPort",
    "Role",
    "TreeSource",
    "WeightsSpec",
    "compare",
    "export",
    "lazy_arrays",
    "load",
    "load_into",
    "resolve",
]
