"""Parses JSON lines, one object a line, or a JSON list of objects."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from timesuite_jax.apps.finetune.question_lists import question_numbers, split_questions
from timesuite_jax.apps.finetune.raw_rows import COLUMNS, RawRow, RawRows, RowNumber, RowProblem, column_name
from timesuite_jax.errors import UserError

_MAX_DIGITS = 400  # of an int; longer ones are beyond the range of floats
_LINE_END = re.compile(r"\r\n|\n|\r")  # not str.splitlines: texts may contain other line separators


class _RepeatedKey(ValueError):
    """An object with a key that occurs twice."""


def parse_json(path: Path, text: str) -> RawRows:
    """Parses the objects of a file.

    Args:
      path: of the file, for messages.
      text: its content, which begins with "{" or "[".

    Raises:
      UserError: a JSON list is malformed; an object of JSON lines that is, is a bad row.
    """
    problems: list[RowProblem] = []
    is_list = text.lstrip().startswith("[")
    objects = _list(path, text) if is_list else _lines(text, problems)
    rows, ignored = list[RawRow](), dict[str, None]()
    for row, value in objects:
        for number, columns in _questions(row, value):
            if isinstance(columns, str):
                problems.append(RowProblem(number, columns))
            else:
                ignored |= dict.fromkeys(name for name in columns if name not in COLUMNS)
                rows.append(RawRow(number, columns))
    return RawRows(tuple(rows), tuple(problems), tuple(ignored), unit="element" if is_list else "line")


def _questions(row: int, value: Any) -> Iterable[tuple[RowNumber, dict[str, Any] | str]]:
    """The columns of each question of an object, or what is wrong with it."""
    if not isinstance(value, dict):
        return [(RowNumber(row), f"is not an object; write {_EXAMPLE}")]
    values = {column_name(key): field for key, field in value.items()}
    if len(values) < len(value):
        wrong = f"has a column twice: {', '.join(value)}; remove one"
        return [(number, wrong) for number in question_numbers(row, values)]
    return split_questions(row, values)


_EXAMPLE = '{"video": "a.mp4", "question": "When ...?", "answer": "...", "start": 1.5, "end": 4}'


def _lines(text: str, problems: list[RowProblem]) -> list[tuple[int, Any]]:
    found = []
    for line, content in enumerate(_LINE_END.split(text), 1):
        if not content.strip():
            continue
        try:
            found.append((line, _DECODER.decode(content)))
        except _RepeatedKey as error:
            problems.append(RowProblem(RowNumber(line), f"{error}; remove one"))
        except (ValueError, RecursionError) as error:
            problems.append(RowProblem(RowNumber(line), f"is not JSON ({error}); write one object a line, {_EXAMPLE}"))
    return found


def _list(path: Path, text: str) -> list[tuple[int, Any]]:
    try:
        return list(enumerate(_DECODER.decode(text), 1))
    except json.JSONDecodeError as error:
        reason = f"line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError) as error:
        reason = str(error)
    raise UserError(f"{path} is not a JSON list ({reason}); correct it, or write one object a line")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _RepeatedKey(f"has {next(name for name in names if names.count(name) > 1)!r} twice")
    return found


def _int(digits: str) -> int | str:
    return int(digits) if len(digits) < _MAX_DIGITS else digits  # as text for messages; no time


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_int)
