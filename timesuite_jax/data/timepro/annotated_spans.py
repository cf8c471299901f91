"""Finds the true windows of an entry's questions: in its `spans` fields, or in the answers of tasks that name times."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from timesuite_jax.data.question_spans import Span, answer_spans, assign_spans, same_span
from timesuite_jax.data.timepro.annotation_file import kind
from timesuite_jax.text import Turn, denies_event

ReportField = Callable[[str, str], None]  # receives a field and what is wrong with it

# Tasks whose answers are the time of one event, and those whose answers are a list of events with their times.
_EVENT_TASKS = ("temporal_video_grounding", "multi_format_temporal_grounding", "temporal_grounded_caption")
_LIST_TASKS = ("reasoning_temporal_localization", "dense_video_captioning", "step_localization")

_PAIR = re.compile(r"(?<![\d.:])(\d+(?:\.\d+)?)(?: seconds?| s)? ?(?:-|\N{EN DASH}|to|until) ?(\d+(?:\.\d+)?)(?![\d:])")


@dataclass(frozen=True)
class AnnotatedSpans:
    """Spans of an entry, not yet compared with its video; a span may end before it starts.

    Attributes:
      spans: true windows of all questions.
      owners: index of the question that each of them belongs to; None if that is unknown.
      written: other spans in the answers, which are text to learn and no ground truth of a question.
      missing: whether no question has a span, although the task is about times and not all answers deny the event.
    """

    spans: tuple[Span, ...] = ()
    owners: tuple[int, ...] | None = ()
    written: tuple[Span, ...] = ()
    missing: bool = False


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
    in_answers = [_as_written(turn) if task in _EVENT_TASKS + _LIST_TASKS else () for turn in turns]
    if (whole := entry.get("spans")) is not None:
        if any(spans is not None for spans in given):
            wrong("spans", "are given for the record and in QA; give one of them")
        spans = read_spans(whole, "spans", wrong)
        return AnnotatedSpans(spans, assign_spans(turns, spans), _others(in_answers, spans))
    if all(spans is None for spans in given) or len(given) != len(turns):
        if task not in _EVENT_TASKS:
            return AnnotatedSpans(written=_others(in_answers, ()))
        denied = all(denies_event(turn.answer or "") for turn in turns)
        return _of_questions(in_answers, in_answers, missing=not any(in_answers) and not denied)
    parsed = in_answers if task in _EVENT_TASKS else [()] * len(turns)
    own = [parsed[i] if spans is None else read_spans(spans, f"QA[{i}].spans", wrong) for i, spans in enumerate(given)]
    return _of_questions(own, in_answers)


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


def _as_written(turn: Turn) -> tuple[Span, ...]:
    """Spans in an annotated answer, (end, start) where it names the end first: "from 9.0 to 4.5 seconds"."""
    pairs = {(float(first), float(last)) for first, last in _PAIR.findall((turn.answer or "").lower())}
    return tuple(
        (end, start) if start < end and (end, start) in pairs else (start, end) for start, end in answer_spans(turn)
    )


def _of_questions(
    own: Sequence[tuple[Span, ...]], in_answers: Sequence[tuple[Span, ...]], *, missing: bool = False
) -> AnnotatedSpans:
    spans = tuple(span for of_one in own for span in of_one)
    owners = tuple(number for number, of_one in enumerate(own) for _ in of_one)
    return AnnotatedSpans(spans, owners, _others(in_answers, spans), missing)


def _others(in_answers: Sequence[tuple[Span, ...]], spans: Sequence[Span]) -> tuple[Span, ...]:
    """Spans in answers that are none of the true windows, up to rounding."""
    written = [span for of_one in in_answers for span in of_one]
    return tuple(span for span in written if not any(same_span(span, other) for other in spans))
