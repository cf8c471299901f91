"""Released checkpoints survive the way to our tree and back: every key, every byte."""

import json
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from timesuite_jax.port.tables import videochat_t


def model_folders(goldens: Path) -> list[Path]:
    """The model folders, found by their files."""
    return sorted(path.parent for path in (goldens / "videochat_t").glob("*/weights.safetensors"))


@pytest.fixture(scope="session")
def folders(goldens: Path) -> list[Path]:
    """Every model folder of the family.

    An absent family is skipped, a family without a model fails.
    """
    if not (goldens / "videochat_t").is_dir():
        pytest.skip(f"{goldens} holds no videochat_t family")
    found = model_folders(goldens)
    assert found, f"{goldens / 'videochat_t'} holds no model folder"
    return found


def test_state_dict_to_tree_and_back(folders):
    for folder in folders:
        tensors = load_file(folder / "weights.safetensors")
        declared = json.loads((folder / "config.json").read_text())["state_dict"]
        assert {name: list(tensor.shape) for name, tensor in tensors.items()} == {k: v[0] for k, v in declared.items()}
        table = videochat_t.build(videochat_t.Sizes.from_torch({name: t.shape for name, t in tensors.items()}))
        given = {name: tensor for name, tensor in tensors.items() if name not in table.constants}
        back = table.to_torch(table.to_tree(given))
        assert list(back) == list(declared), f"{folder.name}: keys or their order differ"
        for name, tensor in tensors.items():
            assert back[name].dtype == tensor.dtype and back[name].tobytes() == tensor.tobytes(), name
