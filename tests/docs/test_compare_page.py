"""The page about comparisons lists all causes, and its commands have their options."""

import re
import shlex

import pytest

from tests.support.paths import ROOT
from tests.support.result_files import result, write
from timesuite_jax.cli.main import main
from timesuite_jax.evaluation.comparison.kinds import KINDS

PAGE = (ROOT / "docs/compare.md").read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(line)[1:]
    for block in re.findall(r"^```\n(.*?)^```", PAGE, re.M | re.S)
    for line in block.replace("\\\n", " ").splitlines()
]


def test_all_causes_are_listed():
    table = PAGE.split("| cause | what differs |")[1].split("\n\n")[0]
    listed = [name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])]
    assert sorted(listed) == sorted(kind.name for kind in KINDS)


def test_comparisons_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("results/before", "results/after"):
        (tmp_path / name).mkdir(parents=True)
        write(result(0), tmp_path / name / "result.json")
    for name in ("A.json", "B.json"):
        write(result(0), tmp_path / name)
    words = [words for words in COMMANDS if words[0] == "compare"]
    assert len(words) == 3 and all(main(one) == 0 for one in words)
    assert "Nothing that decides a score differs" in capsys.readouterr().out


def test_evaluations_have_their_options(capsys):
    (words,) = [words for words in COMMANDS if words[0] == "evaluate"]
    with pytest.raises(SystemExit):
        main(["evaluate", "--help"])
    options = {word for word in words if word.startswith("--")}
    assert options <= set(re.findall(r"--[a-z][a-z-]*", capsys.readouterr().out))
