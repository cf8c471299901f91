"""Parses JSON lines, one object a line, or a JSON list of objects."""

import json
import re
from pathlib import Path
from typing import Any

from timesuite_jax.apps.finetune.fields import FieldError
from timesuite_jax.apps.finetune.question_lists import split_questions
from timesuite_jax.apps.finetune.raw_rows import COLUMNS, RawRow, RawRows, RowProblem, column_name, missing_columns
from timesuite_jax.errors import UserError

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
    for number, value in objects:
        try:
            questions = _questions(value)
        except FieldError as error:
            problems.append(RowProblem(number, str(error)))
            continue
        for values in questions:
            ignored |= dict.fromkeys(name for name in values if name not in COLUMNS)
            rows.append(RawRow(number, values))
    return RawRows(tuple(rows), tuple(problems), tuple(ignored), unit="element" if is_list else "line")


def _questions(value: Any) -> list[dict[str, Any]]:
    """The columns of each question of an object."""
    if not isinstance(value, dict):
        raise FieldError(f"is not an object; write {_EXAMPLE}")
    values = {column_name(key): field for key, field in value.items()}
    if len(values) < len(value):
        raise FieldError(f"has a column twice: {', '.join(value)}; remove one")
    questions = split_questions(values)
    if wrong := next(filter(None, map(missing_columns, questions)), ""):
        raise FieldError(wrong)
    return questions


_EXAMPLE = '{"video": "a.mp4", "question": "When ...?", "answer": "...", "start": 1.5, "end": 4}'


def _lines(text: str, problems: list[RowProblem]) -> list[tuple[int, Any]]:
    found = []
    for line, content in enumerate(_LINE_END.split(text), 1):
        if not content.strip():
            continue
        try:
            found.append((line, _DECODER.decode(content)))
        except _RepeatedKey as error:
            problems.append(RowProblem(line, f"{error}; remove one"))
        except (ValueError, RecursionError) as error:
            problems.append(RowProblem(line, f"is not JSON ({error}); write one object a line, {_EXAMPLE}"))
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


_DECODER = json.JSONDecoder(object_pairs_hook=_object)
