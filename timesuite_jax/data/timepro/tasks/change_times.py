"""Changes the times in answers that are written from annotated times, or are in the format of their task."""

from collections.abc import Callable
from dataclasses import replace

from timesuite_jax.data.question_spans import Span
from timesuite_jax.data.timepro.source_entry import Content, GroundedQuery, Highlights, TimedEvent, TimedEvents
from timesuite_jax.data.timepro.tasks.table import TASKS
from timesuite_jax.text import Turn


def write_again(content: Content, wording: int, task: str, change: Callable[[Span], Span]) -> Turn:
    """Returns the question and answer of annotated times that are changed, in the same wording.

    Args:
      content: as it was annotated, with times that are not rounded yet.
      wording: its index among those of the task.
      task: one of `TASKS`.
      change: see `change_times`.
    """
    return TASKS[task].wordings(_changed(content, change))[wording]


def change_times(answer: str, task: str, change: Callable[[Span], Span]) -> str:
    """Returns an answer with other times; as it is, if it is not what one of the task's wordings gives.

    Args:
      answer: to a question of the task.
      task: one of `TASKS`.
      change: returns the new start and end of an event; of a moment, or an event without an end, both are its time.
        Windows of one event that become equal are written once.
    """
    content = TASKS[task].parse(answer)
    if content is None:
        return answer
    wordings = TASKS[task].wordings
    number = next((number for number, turn in enumerate(wordings(content)) if turn.answer == answer), None)
    return answer if number is None else wordings(_changed(content, change))[number].answer or ""


def _changed(content: Content, change: Callable[[Span], Span]) -> Content:
    match content:
        case GroundedQuery(spans=spans):
            return replace(content, spans=tuple(dict.fromkeys(map(change, spans))))
        case TimedEvents(events):
            return TimedEvents(tuple(_changed_event(event, change) for event in events))
        case Highlights(times=times):
            return replace(content, times=tuple(change((time, time))[0] for time in times))
    return content


def _changed_event(event: TimedEvent, change: Callable[[Span], Span]) -> TimedEvent:
    if event.end is None:
        return replace(event, start=change((event.start, event.start))[0])
    start, end = change((event.start, event.end))
    return replace(event, start=start, end=end)
