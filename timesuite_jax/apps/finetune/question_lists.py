"""Splits rows with several questions on one video, `QA`, as annotation files of TimePro have them."""

from collections.abc import Iterator, Mapping
from typing import Any

from timesuite_jax.apps.finetune.fields import is_empty
from timesuite_jax.apps.finetune.raw_rows import COLUMNS, RowNumber, column_name, missing_columns, shown

QUESTIONS = "qa"
_NAMES = {"q": "question", "a": "answer"}
_PAIR = '{"question": "When ...?", "answer": "...", "start": 1.5, "end": 4}'


def question_numbers(row: int, values: Mapping[str, Any]) -> list[RowNumber]:
    """Identifies the questions of a row; the row itself if it has no list of them."""
    pairs = values.get(QUESTIONS)
    if not isinstance(pairs, list) or not pairs:
        return [RowNumber(row)]
    return [RowNumber(row, question) for question in range(1, len(pairs) + 1)]


def split_questions(row: int, values: Mapping[str, Any]) -> Iterator[tuple[RowNumber, dict[str, Any] | str]]:
    """Yields the columns of each question of a row, or what is wrong with the question; a good one beside it is kept.

    Args:
      row: its number.
      values: by column.
    """
    pairs = values.get(QUESTIONS)
    wrong = ""
    if pairs is not None:
        beside = [name for name in COLUMNS if name != "video" and not is_empty(values.get(name))]
        if not isinstance(pairs, list) or not pairs:
            wrong = f"QA is {shown(pairs)}, not a list of questions; write [{_PAIR}, ...]"
        elif beside:
            wrong = (
                f"has {beside[0]} beside QA; write it within QA (for start and end that select a part of the video, "
                "use `timesuite data build`)"
            )
    others = {name: value for name, value in values.items() if name not in (*COLUMNS[1:], QUESTIONS)}
    for number in question_numbers(row, values):
        if wrong:
            yield number, wrong
            continue
        columns = _columns(others, pairs[number.question - 1]) if pairs and number.question else dict(values)
        missing = "" if isinstance(columns, str) else missing_columns(columns)
        yield number, missing or columns


def _columns(others: Mapping[str, Any], pair: Any) -> dict[str, Any] | str:
    """The columns of a question, with those that all questions of its row share, or what is wrong with it."""
    if not isinstance(pair, dict):
        return f"is {shown(pair)}, not a question; write {_PAIR}"
    own = {_column(key): value for key, value in pair.items()}
    if len(own) < len(pair):
        return f"has a column twice: {', '.join(pair)}; remove one"
    return {**others, **own}


def _column(key: str) -> str:
    name = column_name(key)
    return _NAMES.get(name, name)
