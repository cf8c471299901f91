"""Everything that is missing is listed in one message, with where to get it."""

import pytest

from tests.support.paths import TINY_CONFIG
from timesuite_jax.cli.main import main

REPOSITORIES = (
    "mistralai/Mistral-7B-Instruct-v0.2",
    "google-bert/bert-base-uncased",
    "OpenGVLab/videochat",
    "OpenGVLab/VideoChat2_stage3_Mistral_7B",
    "Lanxingxuan/TimeSuite",
)
FINETUNE = "configs/timesuite/finetune.py"


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "video.mp4").write_bytes(b"x")


def lines_of(words, capsys):
    assert main(words) == 2
    err = capsys.readouterr().err
    assert "Traceback" not in err
    return err.splitlines()


def test_a_new_run_lists_tokenizers_corpora_and_weights(capsys, tmp_path):
    lines = lines_of(["train", FINETUNE, "--workdir", "run"], capsys)
    assert lines[0] == f"timesuite train: 11 inputs are missing (relative paths begin in {tmp_path}):"
    text = "\n".join(lines)
    assert all(f"huggingface.co/{repository}" in text for repository in REPOSITORIES)
    for key, count in (("text.", 2), ("data.corpora", 4), ("evaluation.corpora", 1), ("weights.files", 4)):
        assert sum(line.startswith(f"  config.{key}") for line in lines) == count
    assert "build it with `timesuite data build --out data/FT_Charades`" in text
    assert "docs/downloads.md" in lines[-1] and not (tmp_path / "run").exists()


def test_a_debug_run_names_the_command_that_makes_its_corpus(capsys):
    lines = lines_of(["train", "configs/timesuite/linear_p.py:debug", "--workdir", "run"], capsys)
    listed = [line for line in lines if line.startswith("  config.")]
    assert len(listed) == 3  # two tokenizers and the corpus
    assert all(line.endswith("make it with `timesuite data synthetic --out data/debug`") for line in listed)


@pytest.mark.parametrize(
    ("words", "corpora"), [(["ask", "video.mp4", "When?"], 0), (["evaluate"], 1)], ids=["ask", "evaluate"]
)
def test_released_weights_list_what_they_need(words, corpora, capsys):
    lines = lines_of([*words, "--config", FINETUNE], capsys)
    text = "\n".join(lines)
    assert all(f"huggingface.co/{repository}" in text for repository in REPOSITORIES)
    assert text.count("holds no corpus") == corpora and "data.corpora" not in text


def test_a_single_missing_input_is_one_line(tiny_corpus, capsys):
    words = ["train", f"{TINY_CONFIG}:{tiny_corpus}", "--workdir", "run"]
    for word, expected in (
        ("--config.text.clip_tokenizer=bert", "config.text.clip_tokenizer: no tokenizer at bert"),
        ("--config.data.corpora=('absent*2',)", "config.data.corpora: absent holds no corpus"),
        ("--config.weights.files=('umt=absent.pth',)", "config.weights.files: absent.pth does not exist"),
    ):
        (line,) = lines_of([*words, word], capsys)
        assert expected in line
