"""Writes the language model of a model as a Hugging Face folder, which transformers loads."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from etils import epath

from timesuite_jax.config_file import CONFIG_NAME
from timesuite_jax.errors import UserError
from timesuite_jax.port.export_tensors import ExportTensors
from timesuite_jax.port.exporter import ExportSpec, check_overwrite, check_quantized
from timesuite_jax.port.files.hf_folder import SINGLE
from timesuite_jax.port.files.safetensors import write_safetensors
from timesuite_jax.port.files.source import Source, TensorInfo
from timesuite_jax.port.merge_lora import MergedLora
from timesuite_jax.port.tree_source import TreeSource
from timesuite_jax.storage.atomic_write import atomic_write
from timesuite_jax.storage.write_errors import explain_write_errors

TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.txt")
BESIDE_TOKENIZERS = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")


def export_language_model(
    source: TreeSource,
    folder: Path,
    model_config: Mapping[str, Any],
    spec: ExportSpec,
    tokenizer: epath.Path | None = None,
) -> dict[str, TensorInfo]:
    """Writes `model.safetensors`, `config.json` and the tokenizer's files; adapters are merged.

    Args:
      source: the parameters of the whole model.
      folder: new or empty, unless `spec.overwrite`.
      model_config: every field of the model.
      spec: type of the weights, and whether quantized kernels may be dequantized.
      tokenizer: its file or folder; None: the folder gets no tokenizer.

    Returns:
      What was written, by key.

    Raises:
      UserError: if the model has no language model, or the folder is in use or cannot be written.
    """
    part = source.port.language_model
    if part is None:
        raise UserError(f"{source.port.title} has no language model; leave out --language-model")
    part.check_sizes(source, model_config)
    check_overwrite(folder, spec.overwrite)
    sizes = part.spec(model_config)
    merged: Source = source
    if sizes.lora is not None:
        merged = MergedLora(source, sizes.lora.scaling, spec.dtype)
    names = {key: key.removeprefix(part.prefix) for key in merged.infos if key.startswith(part.prefix)}
    check_quantized(source, list(names), spec.dequantize)
    tensors = ExportTensors(merged, names, spec.dtype)
    dtypes = {info.dtype for info in tensors.infos.values()}
    config = sizes.to_hf_config(next(iter(dtypes)).name if len(dtypes) == 1 else "float32")
    with explain_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_safetensors(folder / SINGLE[0], tensors, tensors.infos, {"format": "pt"})
        with atomic_write(folder / CONFIG_NAME) as partial:
            partial.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        for file in tokenizer_files(tokenizer):
            (folder / file.name).write_bytes(file.read_bytes())
    return tensors.infos


def tokenizer_files(tokenizer: epath.Path | None) -> list[epath.Path]:
    """The files of a tokenizer, the main one first; none if it does not exist.

    Args:
      tokenizer: one of them, or their folder.
    """
    if tokenizer is None:
        return []
    folder = tokenizer if tokenizer.is_dir() else tokenizer.parent
    files = [folder / name for name in TOKENIZERS] if tokenizer.is_dir() else [tokenizer]
    return [file for file in (*files, *(folder / name for name in BESIDE_TOKENIZERS)) if file.is_file()]
