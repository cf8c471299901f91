"""Cuts the times in annotated answers to the video, like the true windows that they state."""

from collections.abc import Callable, Sequence

from timesuite_jax.data.question_spans import Span, answer_spans, same_span
from timesuite_jax.data.timepro.tasks.change_times import change_times
from timesuite_jax.data.timepro.tasks.dialogue import written_spans
from timesuite_jax.text import Turn, replace_times


def times_to_cut(turn: Turn, task: str, windows: Sequence[Span]) -> tuple[Span, ...]:
    """Returns the spans in an annotated answer that must be within the video.

    Args:
      turn: the question with its answer.
      task: one of `TASKS`.
      windows: true windows of the record: an answer may state them also where the task has no times.
    """
    of_task = written_spans(turn, task)
    if of_task or not windows:
        return of_task
    return tuple(span for span in answer_spans(turn) if any(same_span(span, window) for window in windows))


def cut_answer(answer: str, task: str, times: Sequence[Span], fit: Callable[[Span], Span]) -> str:
    """Returns an answer with times as they are cut; as it is, if they cannot be replaced in its wording.

    Args:
      answer: annotated.
      task: one of `TASKS`.
      times: those to cut, of `times_to_cut`.
      fit: returns a span as it is cut.
    """
    worded = change_times(answer, task, fit)
    if worded != answer:
        return worded
    given = set(times)
    return replace_times(answer, lambda span: fit(span) if (span.start, span.end) in given else span) or answer
