"""Events in the text of an answer: "90.0 - 102.0 seconds, spread the butter.  114.0 - 127.0 seconds, toast the bread."

Texts are written as they are annotated, except for full stops at their end, of which the answer has one, and for those
before what would be taken for the next event. An event of which only the start is known has one time: "2.7 seconds,
introduction."
"""

import functools
import re
from collections.abc import Sequence

from timesuite_jax.data.timepro.source_entry import TimedEvent, TimedEvents
from timesuite_jax.data.timepro.tasks.span_list import TIME
from timesuite_jax.data.timepro.tasks.task import Task, ask
from timesuite_jax.text import Turn, format_seconds, format_span

_BEGINNING = rf"{TIME}(?: - {TIME})? seconds, "
_BETWEEN = re.compile(rf"(?<=\.)\s+(?={_BEGINNING})")
_AMBIGUOUS = re.compile(rf"(?<![.\s])[.\s]*\.\s+(?={_BEGINNING})")
_EVENT = re.compile(rf"({TIME})(?: - ({TIME}))? seconds, (.*)\.\s*", re.DOTALL)


def event_list_task(
    description: str, questions: Sequence[str], starts: Sequence[str], nothing: str
) -> Task[TimedEvents]:
    """Makes a task whose answers are lists of events.

    Args:
      description: see `Task`.
      questions: for the times of events.
      starts: for the times at which events start, where their ends are not known.
      nothing: the answer if there are no events.
    """

    def wordings(content: TimedEvents) -> list[Turn]:
        return ask(starts if _starts_only(content) else questions, write_events(content, nothing))

    return Task(description, "list", TimedEvents, wordings, functools.partial(read_events, nothing=nothing))


def write_events(content: TimedEvents, nothing: str) -> str:
    """Writes a list of events, or the sentence `nothing` if there are none."""
    return "  ".join(_write(event) for event in content.events) or nothing


def read_events(answer: str, nothing: str) -> TimedEvents | None:
    """Reads what `write_events` wrote; None if the answer has another format."""
    if answer == nothing:
        return TimedEvents(())
    found = [_EVENT.fullmatch(part) for part in _BETWEEN.split(answer)]
    events = [TimedEvent(float(m[1]), float(m[2]) if m[2] else None, m[3]) for m in found if m]
    return TimedEvents(tuple(events)) if len(events) == len(found) else None


def _starts_only(content: TimedEvents) -> bool:
    """Whether the ends of all events are unknown."""
    return bool(content.events) and all(event.end is None for event in content.events)


def _write(event: TimedEvent) -> str:
    when = f"{format_seconds(event.start)} seconds" if event.end is None else format_span((event.start, event.end))
    return f"{when}, {_AMBIGUOUS.sub(' ', event.text.rstrip('.'))}."
