"""Reads the language model of a golden folder: its sizes and its weights under our names."""

import json
import re
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from timesuite_jax.layers import LoraSpec
from timesuite_jax.models.mistral import MistralSpec
from timesuite_jax.tree import from_paths

PREFIX = "mistral_model.base_model.model."
NAMES = {
    "model.embed_tokens": "embed/embedding",
    "model.norm": "norm/scale",
    "lm_head": "lm_head/kernel",
    "input_layernorm": "input_norm/scale",
    "post_attention_layernorm": "post_norm/scale",
    **{f"self_attn.{name}_proj": f"attn/{name}/kernel" for name in "qkvo"},
    **{f"mlp.{name}_proj": f"mlp/{name}/kernel" for name in ("gate", "up", "down")},
}
ADAPTERS = {"lora_A.default": "lora_a", "lora_B.default": "lora_b"}


def read_spec(folder: Path, **changes: object) -> MistralSpec:
    sizes = json.loads((folder / "config.json").read_text())
    lora = LoraSpec(rank=sizes["config"]["r"], alpha=sizes["config"]["alpha"])
    return MistralSpec.from_hf_config(sizes["mistral_config"], lora=lora, **changes)


def read_params(folder: Path) -> dict:
    layers: dict[tuple[str, ...], dict[int, np.ndarray]] = {}
    params: dict[tuple[str, ...], np.ndarray] = {}
    for key, value in load_file(folder / "weights.safetensors").items():
        if not key.startswith(PREFIX):
            continue
        name = key.removeprefix(PREFIX).removesuffix(".weight")
        layer = re.match(r"model\.layers\.(\d+)\.", name)
        name = name[layer.end() :] if layer else name
        adapter = next((a for a in ADAPTERS if name.endswith(a)), None)
        path = NAMES[name.removesuffix(f".{adapter}")].split("/")
        if adapter:
            path[-1] = ADAPTERS[adapter]
        if path[-1] in ("kernel", "lora_a", "lora_b"):
            value = value.T
        if layer:
            layers.setdefault(("layers", *path), {})[int(layer[1])] = value
        else:
            params[tuple(path)] = value
    stacked = {path: np.stack([by_layer[i] for i in range(len(by_layer))]) for path, by_layer in layers.items()}
    return from_paths({**params, **stacked})
