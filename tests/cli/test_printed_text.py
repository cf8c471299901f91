"""Text from files is printed without its control characters, and long lists are wrapped at the terminal's width."""

import pytest

from timesuite_jax.cli._columns import print_columns, print_wrapped
from timesuite_jax.cli._printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("layers.0.weight \N{EN DASH} \u6f22\n\t", "layers.0.weight \N{EN DASH} \u6f22\n\t"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("a\rb\x07\x9b2J", r"a\rb\x07\x9b2J"),
        ("\udc80\u202e", r"\udc80\u202e"),
    ],
)
def test_control_characters_are_escaped(text, shown):
    assert printable(text) == shown
    shown.encode("utf-8")


def test_cells_are_aligned_as_they_are_printed(capsys):
    print_columns([("a\x1b", "1"), ("bcdef", "2")])
    assert capsys.readouterr().out == "a\\x1b  1\nbcdef  2\n"


def test_lists_fit_the_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    items = [f"metric_{number} 0.{number}" for number in range(12)]
    print_wrapped("best miou at step 10:", items)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 3 and all(len(line) <= 40 for line in lines)
    assert "  ".join(line.strip() for line in lines) == "  ".join(["best miou at step 10:", *items])
