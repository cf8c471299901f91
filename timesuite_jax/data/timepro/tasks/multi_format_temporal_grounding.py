"""Multi-format temporal grounding: when does a described event happen, with many wordings of question and answer?

Some questions name the format of the answer; the others are answered in any of them.
"""

from collections.abc import Callable, Sequence

from timesuite_jax.data.question_spans import Span
from timesuite_jax.data.timepro.source_entry import GroundedQuery
from timesuite_jax.data.timepro.tasks.span_list import ABSENT, join, write_spans
from timesuite_jax.data.timepro.tasks.task import Task, ask
from timesuite_jax.text import Turn, denies_event, format_seconds, parse_spans

_OPEN = (
    "When does '{query}' happen in the video?",
    "During which part of the video can '{query}' be seen?",
    "At what time in the video does this occur: '{query}'?",
    "Find '{query}' in the video.",
    "Can you show me where in the video '{query}' takes place?",
    "I am looking for this moment: '{query}'. When is it?",
    "Where in the video is the part about '{query}'?",
    "Specify the start and end of '{query}'.",
)


def _each(template: str) -> Callable[[Sequence[Span]], str]:
    """Writes each span as the template does, as a list in one sentence that starts with a capital letter."""

    def write(spans: Sequence[Span]) -> str:
        listed = join([template.format(*map(format_seconds, span)) for span in spans])
        return listed[0].upper() + listed[1:] + "."

    return write


def _as_json(spans: Sequence[Span]) -> str:
    return f"[{', '.join('[' + ', '.join(map(format_seconds, span)) + ']' for span in spans)}]"


_FORMATS: tuple[tuple[str, Callable[[Sequence[Span]], str]], ...] = (
    ("Answer as: from START to END seconds.", _each("from {} to {} seconds")),
    ("Answer as: START - END seconds.", lambda spans: f"{write_spans(spans)} seconds"),
    ("Answer as: between START and END seconds.", _each("between {} and {} seconds")),
    ("State when it starts and when it ends.", _each("it starts at {} seconds and ends at {} seconds")),
    ("Answer in a sentence.", lambda spans: f"The event happens in {write_spans(spans)} seconds."),
    ("Answer with a list of [START, END] in seconds.", _as_json),
)


def _wordings(content: GroundedQuery) -> list[Turn]:
    turns = []
    for request, write in _FORMATS:
        answer = write(content.spans) if content.spans else ABSENT
        turns += ask([*_OPEN, *(f"{question} {request}" for question in _OPEN)], answer, content.query)
    return turns


def _parse(answer: str) -> GroundedQuery | None:
    spans = tuple((span.start, span.end) for span in parse_spans(answer))
    return GroundedQuery("", spans) if spans or denies_event(answer) else None


TASK = Task("the same, worded in many ways", "event", GroundedQuery, _wordings, _parse)
