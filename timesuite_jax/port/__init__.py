"""PyTorch checkpoints to parameter trees and back: one bijective table a model, readers that run no code.

Read: `open_layers` opens files in their roles, `load` and `load_into` turn them into parameters (numpy, or shard by
shard onto a mesh). Write: `export` from `TreeSource.of_params(...)` or `open_orbax(...)`.
"""

from timesuite_jax.port.compare import Difference, compare
from timesuite_jax.port.export import ExportSpec, export
from timesuite_jax.port.lazy_array import Pending
from timesuite_jax.port.load import Loaded, load, load_into, pending
from timesuite_jax.port.loading_order import Layer, ModelPort, Role
from timesuite_jax.port.report import Report
from timesuite_jax.port.resolve import Plan, plan
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
    "TreeSource",
    "WeightsSpec",
    "compare",
    "export",
    "load",
    "load_into",
    "pending",
    "plan",
]
