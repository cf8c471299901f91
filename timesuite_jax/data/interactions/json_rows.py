"""Reads rows of JSON lines: one object a line."""

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from timesuite_jax.errors import UserError
from timesuite_jax.storage.compressed import explain_read_errors, open_decompressed


class JsonRow(NamedTuple):
    """An object of a file and its line."""

    line: int
    content: dict[str, Any]


def read_json_rows(path: Path) -> Iterator[JsonRow]:
    """Yields the objects of a file; numbers with a fraction are text, so that no digit is lost.

    Raises:
      UserError: if the file cannot be read, or a line is not an object; with the line.
    """
    with (
        explain_read_errors(path),
        open_decompressed(path) as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", newline="\n") as text,
    ):
        for number, line in enumerate(text, 1):
            if not line.strip():
                continue
            try:
                content = json.loads(line, parse_float=str)
            except (ValueError, RecursionError) as error:
                raise UserError(f"{path}, line {number} is not JSON: {error}; write one object a line") from error
            if not isinstance(content, dict):
                raise UserError(
                    f"{path}, line {number} is not an object; write one a line, e.g. with pandas "
                    "to_json(path, orient='records', lines=True)"
                )
            yield JsonRow(number, content)


def text_fields(row: JsonRow, names: Sequence[str | None], path: Path) -> list[str | None]:
    """Returns the values of an object by name as text; None where one is missing.

    Raises:
      UserError: if a value is neither text nor a number.
    """
    fields: list[str | None] = []
    for name in names:
        value = None if name is None else row.content.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | None):
            raise UserError(
                f"{path}, line {row.line}: {name} {value!r} is neither a name nor a number; give one of these"
            )
        fields.append(None if value is None else str(value))
    return fields
