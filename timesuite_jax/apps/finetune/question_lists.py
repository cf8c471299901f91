"""Splits rows with several questions on one video, `QA`, as annotation files of TimePro have them."""

from collections.abc import Mapping
from typing import Any

from timesuite_jax.apps.finetune.fields import FieldError, is_empty
from timesuite_jax.apps.finetune.raw_rows import COLUMNS, column_name, shown

QUESTIONS = "qa"
_NAMES = {"q": "question", "a": "answer"}
_EXAMPLE = '[{"question": "When ...?", "answer": "...", "start": 1.5, "end": 4}, ...]'


def split_questions(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns the columns of each question of a row; those of the row itself if it has no `QA`.

    Raises:
      FieldError: `QA` is not a list of questions, or the row has columns of a question beside it.
    """
    pairs = values.get(QUESTIONS)
    if pairs is None:
        return [dict(values)]
    if not isinstance(pairs, list) or not pairs or not all(isinstance(pair, dict) for pair in pairs):
        raise FieldError(f"QA is {shown(pairs)}, not a list of questions; write {_EXAMPLE}")
    beside = [name for name in COLUMNS if name != "video" and not is_empty(values.get(name))]
    if beside:
        raise FieldError(
            f"has {beside[0]} beside QA; write it within QA (for start and end that select a part of the video, use "
            "`timesuite data build`)"
        )
    others = {name: value for name, value in values.items() if name not in (*COLUMNS[1:], QUESTIONS)}
    return [{**others, **{_column(key): value for key, value in pair.items()}} for pair in pairs]


def _column(key: str) -> str:
    name = column_name(key)
    return _NAMES.get(name, name)
