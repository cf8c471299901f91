"""JSON configs: paths in their folder, and errors."""

from pathlib import Path

import pytest

from timesuite_jax.config_file import read_config, write_config
from timesuite_jax.errors import UserError

CONFIG = {
    "task": "videochat_t",
    "weights": {"files": ("umt=/data/umt.pth", "./model.safetensors", "timesuite=./part/trained.pth")},
    "text": {"tokenizer": "./tokenizer.json", "clip_tokenizer": "vocab.txt"},
    "model": {"lora": None, "rate": 1e-5, "name": "Überblick"},
}


def test_paths_in_the_folder_follow_it(tmp_path: Path):
    (tmp_path / "a").mkdir()
    write_config(tmp_path / "a/config.json", CONFIG)
    (tmp_path / "a").rename(tmp_path / "b")
    folder = tmp_path / "b"
    assert read_config(folder / "config.json") == {
        **CONFIG,
        "weights": {
            "files": ("umt=/data/umt.pth", f"{folder}/model.safetensors", f"timesuite={folder}/part/trained.pth")
        },
        "text": {"tokenizer": f"{folder}/tokenizer.json", "clip_tokenizer": "vocab.txt"},
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not valid JSON"),
        ("[" * 100_000, "is not valid JSON"),
        ("[1]", "contains a JSON list"),
        ('{"model_type": "mistral"}', "model_type 'mistral' of Hugging Face"),
        ("{}", "names no task"),
        (None, "does not exist"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str | None, problem: str):
    path = tmp_path / "config.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=problem) as caught:
        read_config(path)
    assert str(path) in str(caught.value)
