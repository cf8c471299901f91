"""PyTorch checkpoints to parameter trees and back: one bijective table a model, readers that run no code.

Read: `open_layers` opens files in their roles, `load` and `load_into` turn them into parameters (numpy, or shard by
shard onto a mesh). Write: `export` from `TreeSource.of_params(...)` or `open_orbax(...)`.
"""

from timesuite_jax.port.comparing import Difference, compare
from timesuite_jax.port.exporting import ExportSpec, export
from timesuite_jax.port.layering import Plan, plan
from timesuite_jax.port.leaf import Pending
from timesuite_jax.port.loading import Loaded, load, load_into, pending
from timesuite_jax.port.open_source import open_layers, open_source
from timesuite_jax.port.orbax_folder import is_orbax, open_orbax, write_import
from timesuite_jax.port.report import Report
from timesuite_jax.port.roles import Layer, ModelPort, Role
from timesuite_jax.port.sources import Source, TensorInfo
from timesuite_jax.port.tree_source import TreeSource
from timesuite_jax.port.weights import WeightsSpec

__all__ = [
    "Difference",
    "ExportSpec",
    "Layer",
    "Loaded",
    "ModelPort",
    "Pending",
    "Plan",
    "Report",
    "Role",
    "Source",
    "TensorInfo",
    "TreeSource",
    "WeightsSpec",
    "compare",
    "export",
    "is_orbax",
    "load",
    "load_into",
    "open_layers",
    "open_orbax",
    "open_source",
    "pending",
    "plan",
    "write_import",
]
