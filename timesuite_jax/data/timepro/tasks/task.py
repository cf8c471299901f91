"""What a task is: its wordings of an annotation as a question and an answer, and the inverse of its answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from timesuite_jax.data.timepro.source_entry import GroundedQuery, Highlights, TimedEvents
from timesuite_jax.text import Turn

C = TypeVar("C", GroundedQuery, TimedEvents, Highlights)


@dataclass(frozen=True)
class Task(Generic[C]):
    """A task of TimePro.

    Attributes:
      description: what the model is to answer.
      times: what the times in the answers of a `Dialogue` are: the true windows of the question (`event`), or text to
        learn: spans (`list`) or seconds (`moments`); or answers have no times (`none`).
      content: kind of annotation that the task writes as a question and an answer; None: only a `Dialogue`, which every
        task accepts.
      wordings: all questions and answers that the task's templates give for an annotation.
      parse: content of an answer, without the query; None if the answer is not in a format of the task. Of an answer
        that the task wrote it is what was written, with times and scores rounded to one decimal (`format_seconds`).
    """

    description: str
    times: Literal["event", "list", "moments", "none"]
    content: type[C] | None = None
    wordings: Callable[[C], Sequence[Turn]] = lambda content: ()
    parse: Callable[[str], C | None] = lambda answer: None


def ask(templates: Sequence[str], answer: str, query: str = "") -> list[Turn]:
    """Returns the questions of all templates, with one answer.

    Args:
      templates: questions with the placeholder `{query}`.
      answer: to all of them.
      query: replaces the placeholder; white space around it and full stops at its ends are removed.
    """
    query = query.strip().strip(".")
    return [Turn(template.replace("{query}", query), answer) for template in templates]
