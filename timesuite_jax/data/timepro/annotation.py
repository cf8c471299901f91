"""A checked entry of an annotation file: a video, and questions with answers and spans, or the label of a class."""

from dataclasses import dataclass

from timesuite_jax.data.question_spans import Span
from timesuite_jax.data.timepro.source_entry import Content
from timesuite_jax.text import Turn


@dataclass(frozen=True)
class AnnotatedSpans:
    """Spans of an entry, not yet compared with its video; a span may end before it starts.

    Attributes:
      spans: true windows of all questions.
      owners: index of the question that each of them belongs to; None if that is unknown.
      written: other spans in the answers, which are text to learn and no ground truth of a question; a moment is a span
        that ends where it starts.
      missing: whether no question has a span, although the task is about times and not all answers deny the event.
    """

    spans: tuple[Span, ...] = ()
    owners: tuple[int, ...] | None = ()
    written: tuple[Span, ...] = ()
    missing: bool = False


@dataclass(frozen=True)
class Annotation:
    """One checked entry.

    Attributes:
      number: its index in the file.
      video: path or name.
      turns: questions with their answers.
      task: one of `TASKS`.
      clip: the part of the video that it is about; None: all of it.
      spans: of the questions.
      label: of a record of action recognition.
      directional: of such a record, too.
      content: what its question and answer were written from, by the wording `wording` of the task; None if the source
        has written them out.
    """

    number: int
    video: str
    turns: tuple[Turn, ...]
    task: str
    clip: Span | None
    spans: AnnotatedSpans
    label: int | None = None
    directional: bool = False
    content: Content | None = None
    wording: int = 0
