"""`timesuite demo`: mistakes are reported; tests/apps/demo tests the page in a browser."""

import sys

import pytest

from timesuite_jax.cli.main import main

pytest.importorskip("gradio")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--workdir", "/nowhere", "--max-new-tokens", "0"], "--max-new-tokens 0 is less than 1"),
        (["--workdir", "/nowhere", "--videos", "/nowhere"], "--videos /nowhere is not a folder"),
        (["--workdir", "/nowhere"], "`timesuite quickstart` trains a small model"),
        ([], "`timesuite quickstart` trains a small model"),
    ],
)
def test_mistakes_are_reported(capsys, words, expected):
    assert main(["demo", *words]) == 2
    assert expected in capsys.readouterr().err


def test_a_missing_library_is_reported(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "timesuite_jax.apps.demo.server", None)
    assert main(["demo", "--workdir", "/nowhere"]) == 2
    assert 'pip install "timesuite_jax[demo]"' in capsys.readouterr().err
