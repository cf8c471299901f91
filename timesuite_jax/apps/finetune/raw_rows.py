"""Rows as a file has them, before their values are checked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from timesuite_jax.counted import counted
from timesuite_jax.suggestions import did_you_mean

# Columns of a row; `file_name` is what Hugging Face's metadata files call the video.
COLUMNS = ("video", "question", "answer", "start", "end", "spans")
ALIASES = {"file_name": "video"}
_SHOWN = 60  # letters of a value in a message


class RowNumber(NamedTuple):
    """Identifies a row in its file.

    Attributes:
      row: counts from 1: the first line of the row, or the element of a JSON list.
      question: counts from 1: the question of a row with several, see `question_lists`; 0 for a row with one.
    """

    row: int
    question: int = 0

    def __str__(self) -> str:
        return f"{self.row}, question {self.question}" if self.question else str(self.row)


class RowProblem(NamedTuple):
    """What is wrong with a row."""

    number: RowNumber
    text: str


class RawRow(NamedTuple):
    """The values of a row by column, in CSV texts and None."""

    number: RowNumber
    values: Mapping[str, Any]


@dataclass(frozen=True)
class RawRows:
    """Rows of a file, what is wrong with those that cannot be read, columns that are not used, what numbers count."""

    rows: tuple[RawRow, ...]
    problems: tuple[RowProblem, ...]
    ignored: tuple[str, ...]
    unit: Literal["line", "element"] = "line"


def column_name(name: str) -> str:
    """The column that a name in a file denotes: without spaces and case."""
    name = name.strip().lower()
    return ALIASES.get(name, name)


def missing_columns(names: Iterable[str]) -> str:
    """What is wrong with the names of columns; "" if rows can be made of them."""
    names = list(names)
    times = "spans" in names or {"start", "end"} <= set(names)
    needed = ("video", "question") if times else ("video", "question", "answer")
    missing = [name for name in needed if name not in names]
    if not missing:
        return ""
    others = [name for name in names if name not in COLUMNS]
    hints = (did_you_mean(name, others).replace("did you mean", "is it called") for name in missing)
    hint = next(filter(None, hints), f"its columns are {', '.join(map(shown, names))}")
    return f"has no column {', '.join(missing)}; {hint}"


def note(numbers: Sequence[RowNumber], what: str, unit: str) -> str:
    """A note on rows: how many there are, and the first of them; "" if there are none."""
    return f"{counted(len(numbers), 'row')} {what} (first: {unit} {numbers[0]})" if numbers else ""


def shown(value: Any) -> str:
    """A value for a message, shortened."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
