"""Prints rows as columns, and lists that are wrapped at the width of the terminal."""

import shutil
from collections.abc import Sequence

from timesuite_jax.cli._printable import printable


def print_columns(rows: Sequence[tuple[str, ...]]) -> None:
    """Prints left-aligned columns, not truncated to the terminal's width; control characters in them are escaped."""
    rows = [tuple(map(printable, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def print_wrapped(title: str, items: Sequence[str]) -> None:
    """Prints a title and items, two spaces apart, on as many lines as the terminal's width makes necessary."""
    width = shutil.get_terminal_size().columns
    line = title
    for item in items:
        if len(line) + 2 + len(item) > width:
            print(line)
            line = ""
        line += f"  {item}"
    print(line)
