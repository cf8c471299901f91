"""Rows about synthetic videos, as a user would write them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def rows_of(corpus: Path) -> Iterator[dict[str, Any]]:
    """Yields a row for each question of a synthetic corpus; those about times have start and end."""
    for entry in json.loads((corpus / "annotations.json").read_text(encoding="utf-8")):
        spans = iter(entry["spans"])
        for pair in entry["QA"]:
            row = {"video": entry["video"], "question": pair["q"], "answer": pair["a"]}
            yield {**row, **dict(zip(("start", "end"), next(spans), strict=True))} if "From" in pair["a"] else row


def write_rows(file: Path, corpus: Path, *, change: dict[int, dict[str, Any]] | None = None) -> Path:
    """Writes them as JSON lines; `change` has fields to replace by the number of the line."""
    lines = [json.dumps({**row, **(change or {}).get(line, {})}) for line, row in enumerate(rows_of(corpus), 1)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file
