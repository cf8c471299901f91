"""Checkpoint files: safetensors, .pth, Hugging Face and Orbax folders. No code in them is ever run."""

from timesuite_jax.port.files.open_checkpoint import open_checkpoint, open_layers
from timesuite_jax.port.files.orbax_folder import is_orbax, open_orbax, write_import
from timesuite_jax.port.files.source import Source, TensorInfo

__all__ = ["Source", "TensorInfo", "is_orbax", "open_checkpoint", "open_layers", "open_orbax", "write_import"]
