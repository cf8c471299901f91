"""A run's own copies of the files that its config names."""

import json
import logging
import shutil
from pathlib import Path

import pytest
from etils import epath

from timesuite_jax.checkpoints.run_files import run_relative, store, use_run_files
from timesuite_jax.config_file import read_config

KEYS = ("text.tokenizer", "data.path")


def config_of(folder: Path) -> dict:
    return {
        "task": "t",
        "text": {"tokenizer": str(folder / "tokenizer.model"), "other": "./sub/x"},
        "data": {"path": str(folder / "data.npz"), "corpora": ("./a", "b")},
    }


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    folder = tmp_path / "origin"
    folder.mkdir()
    for name in ("tokenizer.model", "added_tokens.json", "data.npz"):
        (folder / name).write_text(name)
    return folder


def files_of(folder: Path) -> dict:
    names = {"text.tokenizer": ("tokenizer.model", "added_tokens.json"), "data.path": ("data.npz",)}
    return {key: tuple(epath.Path(folder / name) for name in names[key]) for key in KEYS}


def write(origin: Path, workdir: Path) -> list[str]:
    workdir.mkdir(exist_ok=True)
    files = files_of(origin)
    return store(epath.Path(workdir), run_relative(config_of(origin), files), files)


def test_the_config_of_a_moved_run_names_its_copies(origin, tmp_path):
    assert write(origin, tmp_path / "run") == []
    shutil.rmtree(origin)
    (tmp_path / "run").rename(tmp_path / "moved")
    config = read_config(tmp_path / "moved/config.json")
    tokenizer = Path(config["text"]["tokenizer"])
    assert tokenizer.read_text() == "tokenizer.model" and tokenizer.is_relative_to(tmp_path / "moved")
    assert (tokenizer.parent / "added_tokens.json").exists() and Path(config["data"]["path"]).exists()
    # Paths that were relative to the folder of training do not become relative to the run.
    assert config["text"]["other"] == "sub/x" and config["data"]["corpora"] == ("a", "b")


def test_files_of_another_content_replace_the_copies(origin, tmp_path):
    workdir = tmp_path / "run"
    write(origin, workdir)
    assert write(origin, workdir) == []
    (origin / "tokenizer.model").write_text("another")
    assert write(origin, workdir) == ["text.tokenizer"]
    assert (workdir / "files/text.tokenizer/tokenizer.model").read_text() == "another"
    # A run that resumes from its own copies keeps them.
    files = {key: tuple(epath.Path(path) for path in (workdir / "files" / key).iterdir()) for key in KEYS}
    assert store(epath.Path(workdir), json.loads((workdir / "config.json").read_text()), files) == []


def test_copies_are_used_where_files_do_not_exist(origin, tmp_path, caplog):
    workdir = tmp_path / "run"
    write(origin, workdir)
    (origin / "tokenizer.model").unlink()
    config = config_of(origin)
    with caplog.at_level(logging.WARNING):
        changed = use_run_files(config, workdir)
    copy = f"{workdir}/files/text.tokenizer/tokenizer.model"
    assert changed == {**config, "text": {**config["text"], "tokenizer": copy}}
    assert f"tokenizer.model' does not exist; using the run's copy, {copy}" in caplog.text
    assert use_run_files(config, tmp_path / "none") == config


@pytest.mark.parametrize("text", ["{", "[1]", '"x"', '{"text": {"tokenizer": 3}}'])
def test_a_damaged_config_is_ignored(text, origin, tmp_path):
    (tmp_path / "config.json").write_text(text)
    assert use_run_files(config_of(origin), tmp_path) == config_of(origin)
