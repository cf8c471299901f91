"""`timesuite data interactions`: makes a data set from a log and prints a summary."""

import functools
import json

import pytest
from rich.console import Console

from timesuite_jax import progress
from timesuite_jax.cli.main import main
from timesuite_jax.data.interactions import Interactions

# Two users with items x, y and z, and one with w only.
LOG = "who,what,when\n" + "".join(f"{who},{what},{n}\n" for who in "ab" for n, what in enumerate("xyz")) + "c,w,5\n"


@pytest.fixture
def log(tmp_path):
    (tmp_path / "log.csv").write_text(LOG)
    return tmp_path / "log.csv"


def make(log, *words):
    return main(["data", "interactions", str(log), "--out", str(log.parent / "out.npz"), *words])


def test_the_data_set_has_the_names_of_users_and_items(log, capsys):
    words = ["--core", "2", "--columns", "who,what,when"]
    assert make(log, *words, "--json") == 0
    output = json.loads(capsys.readouterr().out)
    assert output.pop("out").endswith("out.npz")
    assert output == {
        "users": 2, "items": 3, "interactions": 6, "sparsity": 0.0, "mean_length": 3.0, "untrained_items": 2,
        "dropped_users": 1, "dropped_items": 1, "dropped_interactions": 1,
    }  # fmt: skip
    made = Interactions.load(log.parent / "out.npz")
    assert made.user_names == ("a", "b") and made.item_names == ("x", "y", "z")
    assert make(log, *words) == 0
    assert "the 2-core drops 1 users, 1 items, 1 interactions" in capsys.readouterr().out


def test_help_has_the_example_and_the_defaults(capsys):
    with pytest.raises(SystemExit):
        main(["data", "interactions", "--help"])
    output = capsys.readouterr().out
    assert "\nexamples:\n  timesuite data interactions ratings.csv" in output and "data build" not in output
    assert "(user,item,time)" in " ".join(output.split())


def test_reading_shows_a_progress_bar(log, capsys, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "Console", functools.partial(Console, force_terminal=True))
    words = ["--core", "2", "--columns", "who,what,when"]
    assert make(log, *words) == 0
    output = capsys.readouterr().err
    assert "reading log.csv" in output and "7/?" in output
    assert make(log, *words, "--json") == 0 and capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("words", "output"),
    [
        ([], "has no column user, item, time; it must have user, item, time"),
        (["--columns", "who,what,when"], "have 5 interactions each; lower --core"),
        (["--columns", "who,what,when", "--core", "1"], "user c has 1 of the 3 items"),
        (["--out", "/nowhere/x.npz"], "there is no folder /nowhere"),
        (["--out", "x.npy"], "x.npy does not end in .npz"),
    ],
)
def test_invalid_logs_and_options_are_rejected(log, capsys, words, output):
    assert make(log, *words) == 2
    assert output in capsys.readouterr().err
    assert not (log.parent / "out.npz").exists()
