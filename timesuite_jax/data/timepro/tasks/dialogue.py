"""Finds the true windows of questions that a source has written out: given ones, or those in the answers."""

import re
from collections.abc import Sequence

from timesuite_jax.data.question_spans import Span, answer_spans, same_span
from timesuite_jax.data.timepro.annotation import AnnotatedSpans
from timesuite_jax.data.timepro.source_entry import Dialogue, GroundedQuery, Highlights, TimedEvents
from timesuite_jax.data.timepro.tasks.table import TASKS
from timesuite_jax.text import Turn, denies_event

_PAIR = re.compile(r"(?<![\d.:])(\d+(?:\.\d+)?)(?: seconds?| s)? ?(?:-|\N{EN DASH}|to|until) ?(\d+(?:\.\d+)?)(?![\d:])")


def spans_of_dialogue(content: Dialogue, task: str) -> AnnotatedSpans:
    """Returns the given true windows of the questions; those of other questions are read from the answers.

    Args:
      content: the questions with their answers, and their true windows as far as they are given.
      task: one of `TASKS`.
    """
    in_answers = [written_spans(turn, task) for turn in content.turns]
    event = TASKS[task].times == "event"
    own = [
        given if given is not None else read if event else ()
        for given, read in zip(content.spans, in_answers, strict=True)
    ]
    spans = tuple(span for of_one in own for span in of_one)
    owners = tuple(number for number, of_one in enumerate(own) for _ in of_one)
    unknown = event and not spans and all(given is None for given in content.spans)
    missing = unknown and not all(denies_event(turn.answer or "") for turn in content.turns)
    return AnnotatedSpans(spans, owners, other_spans(in_answers, spans), missing)


def written_spans(turn: Turn, task: str) -> tuple[Span, ...]:
    """Returns the spans in an annotated answer, (end, start) where it names the end first: "from 9.0 to 4.5 seconds".

    A moment is a span that ends where it starts.
    """
    answer = turn.answer or ""
    match TASKS[task].parse(answer):
        case TimedEvents(events):
            return tuple((event.start, event.start if event.end is None else event.end) for event in events)
        case Highlights(times=times):
            return tuple((time, time) for time in times)
        case GroundedQuery(spans=spans):
            pass
        case _:
            spans = answer_spans(turn) if TASKS[task].times in ("event", "list") else ()
    pairs = {(float(first), float(last)) for first, last in _PAIR.findall(answer.lower())}
    return tuple((end, start) if start < end and (end, start) in pairs else (start, end) for start, end in spans)


def other_spans(in_answers: Sequence[tuple[Span, ...]], spans: Sequence[Span]) -> tuple[Span, ...]:
    """Returns the spans in answers that are none of the true windows, up to rounding."""
    written = [span for of_one in in_answers for span in of_one]
    return tuple(span for span in written if not any(same_span(span, other) for other in spans))
