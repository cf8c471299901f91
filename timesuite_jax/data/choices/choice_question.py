"""A multiple-choice question about a video, as its annotation file has it."""

from dataclasses import dataclass

from timesuite_jax.data.question_spans import Span

LETTERS = "ABCDEFGHIJ"


@dataclass(frozen=True)
class ChoiceQuestion:
    """A question with its options.

    Attributes:
      id: unique in its benchmark.
      video: path, file name or id of its video.
      question: text.
      options: texts without their letters, at least two.
      answer: index of the right option; None if it is not published.
      categories: of the question, for scores of each.
      clip: the part of the video that it is about, in seconds; None for all of it.
      group: questions that are scored together have the same; "" for none.
      structure: how the questions of a group depend on each other.
      subtitles: name of the file with the subtitles of the video; "" for none.
      first_second: second of these subtitles at which the video begins.
    """

    id: str
    video: str
    question: str
    options: tuple[str, ...]
    answer: int | None
    categories: tuple[str, ...] = ()
    clip: Span | None = None
    group: str = ""
    structure: str = ""
    subtitles: str = ""
    first_second: float = 0.0
