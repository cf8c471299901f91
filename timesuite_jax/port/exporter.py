"""Writes torch-named tensors to a file that PyTorch reads, one tensor at a time."""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from timesuite_jax.errors import UserError
from timesuite_jax.port.files.safetensors import write_safetensors
from timesuite_jax.port.files.source import TensorInfo
from timesuite_jax.port.tables.lora import peft_alias
from timesuite_jax.port.tree_source import TreeSource
from timesuite_jax.storage.atomic_write import atomic_write
from timesuite_jax.storage.write_errors import explain_write_errors

SUFFIXES = (".safetensors", ".pth")


@dataclasses.dataclass(frozen=True)
class ExportSpec:
    """What to write, and under which names."""

    trainable_only: bool = False  # as the original's training checkpoints
    new_peft: bool = False  # `q_proj.base_layer.weight` instead of `q_proj.weight`
    dtype: np.dtype | None = None  # cast floating-point tensors; None: keep their types
    dequantize: bool = False  # write quantized kernels as floats instead of refusing


def export(source: TreeSource, path: Path, spec: ExportSpec | None = None) -> dict[str, TensorInfo]:
    """Writes `.safetensors` (no PyTorch needed) or `.pth` ({"model": state dict}, with PyTorch), whole or not at all.

    Every tensor gets storage of its own. (Upstream's `good_init` lets merge_proj.bias and mistral_proj.bias share
    theirs; a full state dict must be loaded there with `good_init=False`.)

    Returns:
      What was written, by key.

    Raises:
      UserError: on another suffix, a path that cannot be written, `.pth` without PyTorch, or quantized kernels without
        `spec.trainable_only` or `spec.dequantize`.
    """
    spec = spec or ExportSpec()
    if path.suffix not in SUFFIXES:
        raise UserError(f"{path}: cannot export to {path.suffix or 'a file without suffix'}; use .safetensors or .pth")
    keys = [key for key in source.infos if not spec.trainable_only or _trainable(source, key)]
    if not spec.dequantize and (quantized := sorted(source.quantized.intersection(keys))):
        raise UserError(
            f"{source.name} has {len(quantized)} quantized kernels ({quantized[0]}, ...) and not the floats that they "
            "were made from; export the trained parameters with --trainable-only, to be loaded over the original "
            "weights, or the dequantized kernels with --dequantize"
        )
    names = {key: peft_alias(key, source.table.entries) if spec.new_peft else key for key in keys}
    infos = {names[key]: TensorInfo(source.infos[key].shape, _dtype(source.infos[key].dtype, spec)) for key in keys}

    def tensors() -> Iterator[tuple[str, np.ndarray]]:
        for key in keys:
            yield names[key], source.read(key).astype(infos[names[key]].dtype, copy=False)

    with explain_write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".pth":
            read = dict(tensors())
            ranks = {names[key]: rank for rank, key in enumerate(source.table.torch_names) if key in names}
            _write_pth(path, {name: read[name] for name in sorted(read, key=ranks.__getitem__)})
        else:
            write_safetensors(path, tensors(), infos, {"format": "pt"})
    return infos


def _trainable(source: TreeSource, key: str) -> bool:
    table = source.table
    return table.constants[key].trainable if key in table.constants else table.entries[key].trainable


def _dtype(dtype: np.dtype, spec: ExportSpec) -> np.dtype:
    # To numpy, ml_dtypes' bfloat16 is of kind "V"; all kinds but integers and booleans are cast.
    return dtype if spec.dtype is None or dtype.kind in "iub" else spec.dtype


def _write_pth(path: Path, tensors: Mapping[str, np.ndarray]) -> None:
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
