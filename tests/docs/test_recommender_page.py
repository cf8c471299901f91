"""The commands and the Python example of docs/mqsa_ted.md run, on data of the same form."""

import json
import re
import shlex

import numpy as np
import pytest

from tests.support.one_device import train_on_one_device
from tests.support.paths import ROOT
from timesuite_jax.cli.main import main

PAGE = (ROOT / "docs/mqsa_ted.md").read_text(encoding="utf-8")
NAMED_USER, NAMED_ITEMS = 196, (50, 172, 181)


def movielens() -> str:
    """Ratings as in u.data: user, item, rating and time, separated by tabs, unsorted and without a header."""
    rng = np.random.default_rng(0)
    items = np.concatenate([NAMED_ITEMS, np.arange(300, 317)])
    rows = [(NAMED_USER - n % 12, item, 1 + n % 5, 880_000_000 + n) for n, item in enumerate(np.tile(items, 12))]
    return "".join("\t".join(map(str, rows[n])) + "\n" for n in rng.permutation(len(rows)))


def commands() -> list[list[str]]:
    """The page's commands about movies, in order, with the small variant of the config."""
    lines = [line for block in re.findall(r"^```\n(.*?)^```", PAGE, re.M | re.S) for line in block.splitlines()]
    own = [shlex.split(line)[1:] for line in lines if line.startswith("timesuite ") and "movies" in line]
    config = "configs/mqsa_ted/beauty.py"
    return [[f"{config}:debug" if word == config else word for word in words] for words in own]


def test_the_commands_and_the_example_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ml-100k").mkdir()
    (tmp_path / "ml-100k/u.data").write_text(movielens())
    (tmp_path / "history.csv").write_text("item\n50\n172\n")
    train_on_one_device(monkeypatch)
    names = [words[0] for words in commands()]
    assert names == ["data", "train", "evaluate", "recommend", "recommend"]
    for words in commands():
        assert main(words) == 0, capsys.readouterr().err
    output = capsys.readouterr().out
    for expected in ("240 rows (separated by tab, without a header, column 1, column 2, column 4)", "popularity"):
        assert expected in output
    assert output.count("\nuser ") == 2

    (example,) = (block for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S))
    exec(example, {})
    printed = capsys.readouterr().out
    assert len(re.findall(r"^ +-?\d+\.\d{3}  \d+$", printed, re.M)) == 10 and "Recommendation(items=(" in printed


def test_json_of_the_commands_is_valid(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ml-100k").mkdir()
    (tmp_path / "ml-100k/u.data").write_text(movielens())
    assert main([*commands()[0], "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["users"], made["items"], made["rows"], made["duplicates"]) == (12, 20, 240, 0)


@pytest.mark.parametrize("option", ["--on-duplicate", "--separator", "--format", "--columns", "--sort", "--core"])
def test_options_of_the_page_exist(option, capsys):
    assert option in PAGE
    with pytest.raises(SystemExit):
        main(["data", "interactions", "--help"])
    assert option in capsys.readouterr().out
