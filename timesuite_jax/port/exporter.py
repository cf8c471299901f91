"""Writes torch-named tensors to a file that PyTorch reads, one tensor at a time."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from etils import epath

from timesuite_jax.errors import UserError
from timesuite_jax.port.export_tensors import ExportTensors
from timesuite_jax.port.files.safetensors import write_safetensors
from timesuite_jax.port.files.source import Source, TensorInfo
from timesuite_jax.port.merge_lora import MergedLora
from timesuite_jax.port.tables.lora import peft_alias
from timesuite_jax.port.tree_source import TreeSource
from timesuite_jax.storage.atomic_write import atomic_write
from timesuite_jax.storage.remote_path import make_folder
from timesuite_jax.storage.write_errors import explain_write_errors

if TYPE_CHECKING:
    import torch

SUFFIXES = (".safetensors", ".pth")


@dataclasses.dataclass(frozen=True)
class ExportSpec:
    """What to write, and under which names."""

    trainable_only: bool = False  # as the original's training checkpoints
    new_peft: bool = False  # `q_proj.base_layer.weight` instead of `q_proj.weight`
    dtype: np.dtype | None = None  # cast floating-point tensors; None: keep their types
    dequantize: bool = False  # write quantized kernels as floats instead of refusing
    merge_lora: float | None = None  # alpha / rank of adapters to merge into their weights; None: keep adapters
    overwrite: bool = False  # replace a file that exists

    def __post_init__(self) -> None:
        """Checks that the options suit each other.

        Raises:
          UserError: if not.
        """
        if self.trainable_only and self.merge_lora is not None:
            raise UserError("--merge-lora merges into weights that --trainable-only leaves out; give one of them")


def export(source: TreeSource, path: Path | epath.Path, spec: ExportSpec | None = None) -> dict[str, TensorInfo]:
    """Writes `.safetensors` (no PyTorch needed) or `.pth` ({"model": state dict}, with PyTorch), whole or not at all.

    Every tensor gets storage of its own. (Upstream's `good_init` lets merge_proj.bias and mistral_proj.bias share
    theirs; a full state dict must be loaded there with `good_init=False`.)

    Returns:
      What was written, by key.

    Raises:
      UserError: on another suffix, a path that exists or cannot be written, `.pth` without PyTorch, or quantized
        kernels without `spec.trainable_only` or `spec.dequantize`.
    """
    spec = spec or ExportSpec()
    if path.suffix not in SUFFIXES:
        raise UserError(f"{path}: cannot export to {path.suffix or 'a file without suffix'}; use .safetensors or .pth")
    check_overwrite(path, spec.overwrite)
    tensors = _tensors(source, spec)
    with explain_write_errors(path):
        make_folder(path.parent)
        if path.suffix == ".pth":
            read = dict(tensors)
            ranks = {
                tensors.names[key]: rank for rank, key in enumerate(source.table.torch_names) if key in tensors.names
            }
            _write_pth(path, {name: read[name] for name in sorted(read, key=ranks.__getitem__)})
        else:
            write_safetensors(path, tensors, tensors.infos, {"format": "pt"})
    return tensors.infos


def _tensors(source: TreeSource, spec: ExportSpec) -> ExportTensors:
    merged: Source = source if spec.merge_lora is None else MergedLora(source, spec.merge_lora, spec.dtype)
    keys = [key for key in merged.infos if not spec.trainable_only or _trainable(source, key)]
    check_quantized(source, keys, spec.dequantize)
    adapted = any(".lora_A." in key for key in merged.infos)
    names = {key: key if adapted else source.port.name_without_adapters(key) for key in keys}
    if spec.new_peft and adapted:
        names = {key: peft_alias(key, source.table.entries) for key in keys}
    return ExportTensors(merged, names, spec.dtype)


def check_overwrite(path: Path | epath.Path, overwrite: bool) -> None:
    """Checks that a path is free: no file, or a folder that is empty.

    Raises:
      UserError: if not, unless it may be overwritten.
    """
    with explain_write_errors(path):
        taken = any(path.iterdir()) if path.is_dir() else path.is_file()
    if taken and not overwrite:
        raise UserError(f"{path} exists; give another --out, or --overwrite to replace it")


def check_quantized(source: TreeSource, keys: list[str], dequantize: bool) -> None:
    """Checks that no quantized kernel is exported unless that is wanted.

    Raises:
      UserError: if one is.
    """
    if not dequantize and (quantized := sorted(source.quantized.intersection(keys))):
        raise UserError(
            f"{source.name} has {len(quantized)} quantized kernels ({quantized[0]}, ...) and not the floats that they "
            "were made from; export the trained parameters with --trainable-only, to be loaded over the original "
            "weights, or the dequantized kernels with --dequantize"
        )


def _trainable(source: TreeSource, key: str) -> bool:
    table = source.table
    return table.constants[key].trainable if key in table.constants else table.entry(key).trainable


def _write_pth(path: Path | epath.Path, tensors: Mapping[str, np.ndarray]) -> None:
    try:
        import torch
    except ImportError as error:
        raise UserError(f"{path}: writing .pth needs PyTorch; install it or export to .safetensors") from error

    def tensor(array: np.ndarray) -> "torch.Tensor":
        if array.dtype.name == "bfloat16":  # torch.from_numpy does not know it
            return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
        return torch.from_numpy(array)

    # Written through a Python file, whose errors name the cause (a full disk, a read-only folder).
    with atomic_write(path) as partial, partial.open("wb") as file:
        torch.save({"model": {key: tensor(array) for key, array in tensors.items()}}, file)
