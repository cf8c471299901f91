"""The commands and the Python example of docs/finetune_on_your_videos.md run, in order."""

import json
import re
import shlex

import pytest

from tests.support.one_device import train_on_one_device
from tests.support.paths import ROOT
from timesuite_jax.apps.finetune.raw_rows import ALIASES, COLUMNS
from timesuite_jax.cli.main import main

PAGE = (ROOT / "docs/finetune_on_your_videos.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(python)?\n(.*?)^```", PAGE, re.M | re.S)


def commands(block: str) -> list[list[str]]:
    return [shlex.split(line)[1:] for line in block.splitlines() if line.startswith("timesuite ")]


def test_the_commands_of_the_page_have_their_options(capsys):
    words = [words for language, block in BLOCKS if not language for words in commands(block)]
    assert [name for name, *_ in words] == ["data", "finetune", "ask", "port", "finetune"]
    for own in words:
        options = {word.partition("=")[0] for word in own if word.startswith("--") and not word.startswith("--config.")}
        with pytest.raises(SystemExit):
            main([*own[: 2 if own[0] in ("data", "port") else 1], "--help"])
        assert options <= set(re.findall(r"--[a-z][a-z-]*", capsys.readouterr().out)), own


@pytest.mark.nightly
def test_the_page_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    train_on_one_device(monkeypatch)
    for language, block in BLOCKS:
        if language:
            exec(block, {})
            continue
        for words in commands(block):
            assert main(words) == 0, (words, capsys.readouterr().err)
    results = json.loads((tmp_path / "runs/mine/results.json").read_text())
    assert sum(results["rows"].values()) == 72 and results["videos"] == {"train": 19, "held_out": 5}
    for name in ("results.json", "held_out_grounding.jsonl", "held_out_answers.jsonl", "export/model.safetensors"):
        assert (tmp_path / "runs/mine" / name).is_file() and name.split("/")[-1].split(".")[0] in PAGE
    assert "next:" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--weights", "--held-out", "--seed", "--skip-bad-rows", "--on-bad-span"])
def test_options_of_the_page_exist(option, capsys):
    assert option in PAGE
    with pytest.raises(SystemExit):
        main(["finetune", "--help"])
    assert option in capsys.readouterr().out


def test_all_columns_are_documented():
    for name in (*COLUMNS, *ALIASES):
        assert f"`{name}`" in PAGE
