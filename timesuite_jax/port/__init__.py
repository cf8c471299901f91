"""PyTorch checkpoints to parameter trees and back: one bijective table for each model, readers that run no code.

Read: `open_layers` opens files in their roles, `load` and `load_into` return their parameters (numpy arrays, or arrays
sharded over a mesh), `write_import` writes them to a folder. Write: `export` from a `TreeSource`, which
`TreeSource.of_params` and `open_orbax` make.
"""

from timesuite_jax.port.comparison import Comparison, Difference, compare
from timesuite_jax.port.exporter import SUFFIXES, ExportSpec, export
from timesuite_jax.port.files.lazy_array import LazyArray
from timesuite_jax.port.files.orbax_reader import is_orbax
from timesuite_jax.port.files.source import Source, TensorInfo
from timesuite_jax.port.hf_export import export_language_model
from timesuite_jax.port.import_folder import write_import
from timesuite_jax.port.language_model import LanguageModel
from timesuite_jax.port.load_plan import LoadPlan, resolve
from timesuite_jax.port.loader import LoadedParams, lazy_arrays, load, load_into
from timesuite_jax.port.loading_order import CheckpointLayer, ModelPort, Role
from timesuite_jax.port.report import LoadReport
from timesuite_jax.port.sources import expand, open_checkpoint, open_files, open_layers, open_orbax, split_role
from timesuite_jax.port.tree_source import TreeSource
from timesuite_jax.port.weights import WeightsSpec

__all__ = [
    "SUFFIXES",
    "CheckpointLayer",
    "Comparison",
    "Difference",
    "ExportSpec",
    "LanguageModel",
    "LazyArray",
    "LoadPlan",
    "LoadReport",
    "LoadedParams",
    "ModelPort",
    "Role",
    "Source",
    "TensorInfo",
    "TreeSource",
    "WeightsSpec",
    "compare",
    "expand",
    "export",
    "export_language_model",
    "is_orbax",
    "lazy_arrays",
    "load",
    "load_into",
    "open_checkpoint",
    "open_files",
    "open_layers",
    "open_orbax",
    "resolve",
    "split_role",
    "write_import",
]
