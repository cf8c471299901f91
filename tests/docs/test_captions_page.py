"""The commands of docs/annotations.md that lead from captions to a training run are executed, in order."""

import re
import shlex

import pytest

from tests.support.one_device import train_on_one_device
from tests.support.paths import ROOT
from timesuite_jax.cli.main import main
from timesuite_jax.data.corpora import open_corpus, read_record

PAGE = (ROOT / "docs/annotations.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("### From captions to a training run\n")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"^```(python)?\n(.*?)^```", SECTION, re.M | re.S)


@pytest.mark.parametrize(
    "training", [False, pytest.param(True, marks=pytest.mark.nightly)], ids=["corpus", "training run"]
)
def test_the_commands_run(tmp_path, monkeypatch, capsys, training):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    train_on_one_device(monkeypatch)
    commands = []
    for language, block in BLOCKS:
        if language:
            exec(block, {})
            continue
        for line in block.replace("\\\n", " ").splitlines():
            name, *words = shlex.split(line)
            assert name == "timesuite"
            commands.append(" ".join(words[:2]) if words[0] == "data" else words[0])
            if words[0] != "train" or training:
                assert main(words) == 0, (words, capsys.readouterr().err)
    assert commands == ["data synthetic", "data captions", "data build", "data inspect", "train"]
    printed = capsys.readouterr().out
    info, source = open_corpus("corpora/tgc")
    assert info.tasks == {"temporal_grounded_caption": len(source)} and len(source) >= 8 and not info.quarantine
    assert f"tgc.jsonl: {len(source)} questions; " in printed and f"temporal_grounded_caption {len(source)}" in printed
    for number in range(len(source)):
        record = read_record(source, number)
        ((start, end),) = record.spans
        assert f"{start:g} - {end:g} seconds" in record.turns[0].answer and 0 <= start < end <= record.duration
    if training:
        assert "step 3 of 3, saved in runs/tgc" in printed
