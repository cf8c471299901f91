"""Checks the rows of a file: questions about videos with their answers, and when events happen.

Nothing is left out silently: a row either becomes a `Row`, or is listed with what is wrong with it. What may be a
mistake but need not be one is a note.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from timesuite_jax.apps.finetune.decimal_marks import NO_MARKS, DecimalMarks, decimal_marks
from timesuite_jax.apps.finetune.fields import FieldError, is_empty, is_no_time, read_span, read_spans, read_text
from timesuite_jax.apps.finetune.raw_rows import RawRow, RowNumber, RowProblem, note, shown
from timesuite_jax.apps.finetune.row_file import read_raw_rows
from timesuite_jax.data.question_spans import Span
from timesuite_jax.data.timepro.tasks.span_list import ABSENT
from timesuite_jax.text import denies_event, format_span, parse_spans


@dataclass(frozen=True)
class Row:
    """A question about a video.

    Attributes:
      number: of the row in its file.
      video: path or name of the video, as the row has it.
      question: in words.
      answer: that the model is to give.
      spans: when the event of the question happens, in seconds of the video; empty if it never does, or the question is
        about something else.
    """

    number: RowNumber
    video: str
    question: str
    answer: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class RowFile:
    """The rows of a file that can be used, what is wrong with the others, notes on the file, and what numbers count."""

    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...]
    notes: tuple[str, ...] = ()
    unit: str = "line"


def read_rows(path: Path) -> RowFile:
    """Reads and checks a file of rows; see `read_raw_rows` for its formats.

    Raises:
      UserError: the file as a whole cannot be used.
    """
    raw = read_raw_rows(path)
    rows, problems = list[Row](), list(raw.problems)
    marks = decimal_marks(raw.rows, raw.unit)
    for one in raw.rows:
        try:
            rows.append(read_row(one, marks))
        except FieldError as error:
            problems.append(RowProblem(one.number, str(error)))
    rows, repeated = without_repeats(rows, raw.unit)
    notes = (*_ignored(raw.ignored), *_doubtful(rows, raw.unit))
    return RowFile(tuple(rows), tuple(sorted([*problems, *repeated])), notes, raw.unit)


def without_repeats(rows: Iterable[Row], unit: str) -> tuple[list[Row], list[RowProblem]]:
    """Returns the rows without those that repeat an earlier one, and a problem for each of these.

    Args:
      rows: in the order of the file.
      unit: what their numbers count.
    """
    kept, problems = list[Row](), list[RowProblem]()
    first: dict[Any, RowNumber] = {}  # content of a row -> its number
    for row in rows:
        content = (row.video, row.question, row.answer, row.spans)
        if content in first:
            problems.append(RowProblem(row.number, f"repeats {unit} {first[content]}; remove one of them"))
        else:
            first[content] = row.number
            kept.append(row)
    return kept, problems


def read_row(raw: RawRow, marks: DecimalMarks = NO_MARKS) -> Row:
    """Checks the values of a row.

    Args:
      raw: the row.
      marks: of decimals in its file.

    Raises:
      FieldError: the first of them that is wrong.
    """
    values = raw.values
    video = read_text(values.get("video"), "video")
    question = read_text(values.get("question"), "question")
    spans = _spans(values, marks)
    if (spans or _states_no_spans(values)) and is_empty(values.get("answer")):
        answer = spans_as_answer(spans)
    else:
        answer = read_text(values.get("answer"), "answer")
    _check_agreement(answer, spans)
    return Row(raw.number, video, question, answer, spans)


def spans_as_answer(spans: Sequence[Span]) -> str:
    """The answer of a row that has times only, or an empty list of them."""
    return ABSENT if not spans else f"{', '.join(dict.fromkeys(map(format_span, spans)))}."


def _spans(values: Any, marks: DecimalMarks) -> tuple[Span, ...]:
    given = [name for name in ("start", "end", "spans") if not is_no_time(values.get(name))]
    if "spans" in given:
        if len(given) > 1:
            raise FieldError(f"has spans and {given[0]}; give spans, or start and end")
        return read_spans(values["spans"], marks)
    if len(given) == 1:
        other = "end" if given == ["start"] else "start"
        raise FieldError(f"has {given[0]} {shown(values[given[0]])} but no {other}; give both or neither")
    return (read_span(values["start"], values["end"], marks),) if given else ()


def _states_no_spans(values: Any) -> bool:
    """Whether a row has an empty list of spans; without the column, its question may be about something else."""
    given = values.get("spans")
    return not is_no_time(given) and not read_spans(given)


def _check_agreement(answer: str, spans: tuple[Span, ...]) -> None:
    """Rejects an answer whose times are all elsewhere than the row's spans: the model would learn the one from text."""
    written = [(span.start, span.end) for span in parse_spans(answer)]
    if spans and written and not any(a[0] <= b[1] and b[0] <= a[1] for a in spans for b in written):
        here, there = (", ".join(map(format_span, some)) for some in (spans, written))
        raise FieldError(f"the row's times are {here}, but its answer has {there}; correct one of them")


def _ignored(columns: Sequence[str]) -> Iterator[str]:
    if columns:
        yield f"columns that are not used: {', '.join(columns)}"


def _doubtful(rows: Sequence[Row], unit: str) -> Iterator[str]:
    """Notes on rows that may not mean what they state, each with the count of rows and the number of the first."""
    questions = Counter((row.video, row.question) for row in rows)
    kinds = (
        (
            "without start and end, but with times in the answer, which are not scored",
            lambda row: not row.spans and bool(parse_spans(row.answer)),
        ),
        (
            "with start and end, but without times in the answer, so that the model does not learn to give them",
            lambda row: bool(row.spans) and not parse_spans(row.answer),
        ),
        (
            "with start and end, but an answer that denies the event",
            lambda row: bool(row.spans) and denies_event(row.answer),
        ),
        (
            f"with an empty list of spans and no answer; their answer is '{ABSENT}'",
            lambda row: not row.spans and row.answer == ABSENT,
        ),
        (
            "with the question of another row about its video, but another answer; times of one event belong in one "
            "row, as spans",
            lambda row: questions[row.video, row.question] > 1,
        ),
    )
    for what, applies in kinds:
        if text := note([row.number for row in rows if applies(row)], what, unit):
            yield text
