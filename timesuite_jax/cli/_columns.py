"""Prints rows as columns."""

from collections.abc import Sequence


def print_columns(rows: Sequence[tuple[str, ...]]) -> None:
    """Prints left-aligned columns without truncating them to the terminal's width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
