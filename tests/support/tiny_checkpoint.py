"""State dicts of a tiny VideoChat-T, consistent in every shape, and files as the original reads them."""

import json
from pathlib import Path

import numpy as np

from timesuite_jax.port.files.safetensors import write_safetensors
from timesuite_jax.port.files.source import TensorInfo
from timesuite_jax.videochat_t.port import table as port_table

SIZES = port_table.VideoChatTSizes(2, 4, 3, 16, 2, mistral_proj=True)
LLM = "mistral_model.base_model.model."
# All widths differ, so that a missing transposition is noticed.
_AXES = {
    **{
        "tower": 5,
        "tower_mlp": 10,
        "query": 2,
        "query_mlp": 7,
        "tape": 6,
        "merged": 8,
        "query_vocab": 16,
        "query_positions": 16,
    },
    **{"llm": 3, "llm_mlp": 9, "llm_heads": 4, "llm_kv_heads": 1, "llm_vocab": 11, "llm_rank": 12},
}
_LETTERS = {"o": 15, "i": 1, "c": 3, "h": 4, "w": 4, "k": 3, "b": 1, "n": 16, "t": 1, "1": 1}


def tensors(sizes: port_table.VideoChatTSizes = SIZES, seed: int = 0) -> dict[str, np.ndarray]:
    """A complete state dict without its constants."""
    rng = np.random.default_rng(seed)
    table = port_table.build(sizes)
    shapes = {
        name: tuple(
            _AXES.get(axis) or _LETTERS[letter]
            for axis, letter in zip(entry.sizes, entry.layout.torch.split(), strict=True)
        )
        for name, entry in table.entries.items()
    }
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def save(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    """Writes a safetensors file."""
    infos = {key: TensorInfo(array.shape, array.dtype) for key, array in arrays.items()}
    write_safetensors(path, arrays.items(), infos, {})
    return path


def save_folder(folder: Path, arrays: dict[str, np.ndarray], shards: int = 2) -> Path:
    """Writes a Hugging Face folder with an index."""
    folder.mkdir()
    keys = sorted(arrays)
    weight_map = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05d}-of-{shards:05d}.safetensors"
        save(folder / file, {key: arrays[key] for key in keys[shard::shards]})
        weight_map |= dict.fromkeys(keys[shard::shards], file)
    index = {"metadata": {"total_size": 0}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def chain(folder: Path) -> dict[str, Path]:
    """The original's four files, each with different values: role -> path."""
    names = list(tensors())
    trainable = [name for name, entry in port_table.build(SIZES).entries.items() if entry.trainable]

    def pick(seed: int, keys) -> dict[str, np.ndarray]:
        values = tensors(seed=seed)
        return {key: values[key] for key in keys}

    tower = [name for name in names if name.startswith(("vision", "qformer", "query_tokens"))]
    umt = pick(1, tower)
    umt |= {key.replace("blocks.1.", "blocks.2."): value for key, value in umt.items() if "blocks.1." in key}
    umt["itm_head.weight"] = np.zeros((2, 5), np.float32)
    base = [name for name in names if name.startswith(LLM) and "lora" not in name]
    mistral = {name.removeprefix(LLM): value for name, value in pick(2, base).items()}
    tape_and_projections = ("temp_adap", "clip_proj", "merge_proj")
    stage3 = [*tower, "extra_query_tokens", "mistral_proj.weight", "mistral_proj.bias"]
    stage3 += [name for name in names if "lora" in name]
    return {
        "umt": save(folder / "umt.safetensors", umt),
        "mistral": save_folder(folder / "mistral", mistral),
        "videochat2": save(
            folder / "stage3.safetensors", pick(3, [n for n in stage3 if not n.startswith(tape_and_projections)])
        ),
        "timesuite": save(folder / "timesuite.safetensors", pick(4, trainable)),
    }


def arguments(files: dict[str, Path], *roles: str) -> list[str]:
    """`role=path` of these roles."""
    return [f"{role}={files[role]}" for role in roles]
