"""`timesuite data interactions`: makes a data set from a log and prints a summary."""

import functools
import json

import pytest
from rich.console import Console

from timesuite_jax import progress
from timesuite_jax.cli.data import interactions
from timesuite_jax.cli.main import main
from timesuite_jax.data.interactions import Interactions
from timesuite_jax.data.interactions.log_file import KINDS

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
        "users": 2, "items": 3, "interactions": 6, "repeats": 0, "sparsity": 0.0, "mean_length": 3.0,
        "untrained_items": 2, "rows": 7, "format": "separated by comma, who, what, when", "duplicates": 0,
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
    assert "(default: user,item,time, or names like" in " ".join(output.split())


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
        ([], "has no column user, item, time; its columns are who, what, when; name those of users, items and times"),
        (["--columns", "who,what,when"], "have 5 interactions each; lower --core"),
        (["--columns", "who,what,when", "--core", "1"], "user c has 1 of the 3 items"),
        (["--columns", "who,what,wen"], "has no column wen; its columns are who, what, when; did you mean 'when'?"),
        (["--columns", "1,2,4"], "has 3 columns (who, what, when), no column 4"),
        (["--format", "parquet"], "give a Parquet file"),
        (["--separator", "tab"], "has no column user, item, time; its columns are who,what,when"),
        (["--out", "/nowhere/x.npz"], "there is no folder /nowhere"),
        (["--out", "x.npy"], "x.npy does not end in .npz"),
    ],
)
def test_invalid_logs_and_options_are_rejected(log, capsys, words, output):
    assert make(log, *words) == 2
    assert output in capsys.readouterr().err
    assert not (log.parent / "out.npz").exists()


def test_repeated_rows_are_counted_and_the_options_of_the_error_work(log, capsys):
    rows = LOG.splitlines(keepends=True)
    log.write_text("".join([rows[0], *(row * 2 for row in rows[1:])]))
    words = ["--core", "2", "--columns", "who,what,when"]
    assert make(log, *words) == 2
    error = capsys.readouterr().err
    assert (
        f"7 of 14 rows repeat the user, the item and the time of an earlier row, first {log}, line 3: user a" in error
    )
    assert "--on-duplicate drop" in error and "--on-duplicate keep" in error
    assert make(log, *words, "--on-duplicate", "drop", "--json") == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["users"], made["rows"], made["duplicates"], made["interactions"]) == (2, 14, 7, 6)
    # Each item of a and b is in four rows, w in two.
    assert make(log, "--core", "4", *words[2:], "--on-duplicate", "keep", "--json") == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["users"], made["rows"], made["duplicates"], made["repeats"]) == (2, 14, 7, 6)
    assert make(log, *words, "--on-duplicate", "drop") == 0
    assert "7 rows that repeat user, item and time of an earlier row are dropped" in capsys.readouterr().out


def test_a_separator_can_be_named(log, capsys):
    log.write_text(LOG.replace(",", "~~"))
    words = ["--core", "2", "--columns", "who,what,when"]
    assert make(log, *words, "--separator", "~~", "--json") == 0
    assert json.loads(capsys.readouterr().out)["interactions"] == 6
    with pytest.raises(SystemExit):
        make(log, *words, "--separator", "")
    assert "separates no fields" in capsys.readouterr().err


def test_the_formats_of_the_option_are_those_of_the_reader():
    assert interactions._FORMATS == KINDS


@pytest.mark.parametrize("option", [["--sort"], ["--format", "text"], ["--separator", ","], ["--on-duplicate", "drop"]])
def test_options_of_logs_are_rejected_for_a_released_data_set(tmp_path, capsys, option):
    assert main(["data", "interactions", str(tmp_path / "x.npy"), "--out", str(tmp_path / "x.npz"), *option]) == 2
    assert f"{option[0]} applies to logs" in capsys.readouterr().err
