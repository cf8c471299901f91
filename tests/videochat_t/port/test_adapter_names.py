"""State dicts without PEFT's module names: base models and models whose adapters were merged."""

import dataclasses

import numpy as np
import pytest

from tests.support import tiny_checkpoint as tiny
from timesuite_jax import param_tree as trees
from timesuite_jax.errors import UserError
from timesuite_jax.port import load, open_layers, resolve
from timesuite_jax.registry.ports import PORTS
from timesuite_jax.videochat_t.port import table as port_table

PORT = PORTS["videochat_t"]
PLAIN = "mistral_model."  # of a language model that PEFT does not wrap


def without_adapters(seed: int = 0) -> dict[str, np.ndarray]:
    return {key: value for key, value in tiny.tensors(seed=seed).items() if "lora" not in key}


def unwrapped(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {key.replace(tiny.LLM, PLAIN): value for key, value in arrays.items()}


def shapes(lora: bool) -> dict[trees.ParamPath, tuple[int, ...]]:
    sizes = dataclasses.replace(tiny.SIZES, lora=lora)
    leaves = trees.leaves_with_paths(port_table.build(sizes).to_tree(tiny.tensors(sizes)))
    return {path: leaf.shape for path, leaf in leaves if path[0] != "mistral_proj"}


@pytest.mark.parametrize("rename", [dict, unwrapped], ids=["wrapped", "unwrapped"])
def test_a_model_without_adapters_is_imported_as_such(tmp_path, rename):
    arrays = without_adapters()
    layers = open_layers(PORT, [str(tiny.save(tmp_path / "merged.safetensors", rename(arrays)))])
    loaded = load(PORT, layers)
    table = port_table.build(dataclasses.replace(tiny.SIZES, lora=False))
    expected = dict(trees.leaves_with_paths(table.to_tree(arrays)))
    found = dict(trees.leaves_with_paths(loaded.params))
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[path], leaf) for path, leaf in expected.items())
    assert not resolve(PORT, layers, shapes(lora=False)).report.missing


def test_a_model_with_adapters_names_them_as_missing(tmp_path):
    layers = open_layers(PORT, [str(tiny.save(tmp_path / "merged.safetensors", unwrapped(without_adapters())))])
    with pytest.raises(UserError, match=r"missing from all files \(30\)(?s:.*)model.mistral.lora=None") as error:
        resolve(PORT, layers, shapes(lora=True))
    assert "unexpected" not in str(error.value)
    # The second remedy.
    plan = resolve(PORT, layers, shapes(lora=True), ["*.lora_?.default.weight"])
    assert len(plan.report.expected_missing) == 30


def test_adapters_of_another_file_are_not_combined_with_a_merged_model(tmp_path):
    files = tiny.chain(tmp_path)
    merged = tiny.save(tmp_path / "merged.safetensors", unwrapped(without_adapters(seed=5)))
    layers = open_layers(PORT, [*tiny.arguments(files, "umt", "mistral", "videochat2"), str(merged)])
    with pytest.raises(UserError, match=r"\(checkpoint\) lacks required keys \(30\)(?s:.*)give its file alone"):
        resolve(PORT, layers)
