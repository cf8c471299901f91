"""Finds the true windows of an entry's questions: in its `spans` fields, or in the answers of tasks that name times."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from timesuite_jax.data.question_spans import Span, assign_spans
from timesuite_jax.data.timepro.annotation import AnnotatedSpans
from timesuite_jax.data.timepro.annotation_file import kind
from timesuite_jax.data.timepro.source_entry import Dialogue
from timesuite_jax.data.timepro.tasks.dialogue import other_spans, spans_of_dialogue, written_spans
from timesuite_jax.text import Turn

ReportField = Callable[[str, str], None]  # receives a field and what is wrong with it


def find_spans(entry: Mapping[str, Any], turns: Sequence[Turn], task: str, wrong: ReportField) -> AnnotatedSpans:
    """Finds the spans of an entry.

    Args:
      entry: its JSON object.
      turns: its questions and answers.
      task: its task.
      wrong: called for each field that is not a list of spans.
    """
    pairs = entry["QA"] if isinstance(entry.get("QA"), list) else []
    given = [pair.get("spans") if isinstance(pair, Mapping) else None for pair in pairs]
    if (whole := entry.get("spans")) is not None:
        if any(spans is not None for spans in given):
            wrong("spans", "are given for the record and in QA; give one of them")
        spans = read_spans(whole, "spans", wrong)
        return AnnotatedSpans(
            spans, assign_spans(turns, spans), other_spans([written_spans(turn, task) for turn in turns], spans)
        )
    if len(given) != len(turns):  # something else is wrong with the questions
        given = [None] * len(turns)
    own = [None if one is None else read_spans(one, f"QA[{i}].spans", wrong) for i, one in enumerate(given)]
    return spans_of_dialogue(Dialogue(tuple(turns), tuple(own)), task)


def read_spans(value: Any, field: str, wrong: ReportField) -> tuple[Span, ...]:
    """Reads a JSON list of [start, end] in seconds, in any order."""
    if not isinstance(value, list):
        wrong(field, f"is a {kind(value)}, not a list of [start, end]")
        return ()
    found = []
    for pair in value:
        if isinstance(pair, list) and len(pair) == 2 and all(is_seconds(edge) for edge in pair):
            found.append((float(pair[0]), float(pair[1])))
        else:
            wrong(field, f"is {pair!r}, not two seconds")
    return tuple(found)


def is_seconds(value: Any) -> bool:
    """Whether a JSON value is a number that can be a time in seconds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9  # also rejects nan
