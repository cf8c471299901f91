"""What the readers of annotation files yield: what tasks turn into questions and answers, or the class of an action.

Seconds count from the start of the entry's clip; without a clip, from the start of the video.
"""

from dataclasses import dataclass

from timesuite_jax.data.question_spans import Span
from timesuite_jax.text import Turn


@dataclass(frozen=True)
class GroundedQuery:
    """A described event and when it happens.

    Attributes:
      query: description of the event.
      spans: each time it happens; none states that the video does not show it.
      caption: detailed description of what happens then; empty if there is none.
    """

    query: str
    spans: tuple[Span, ...]
    caption: str = ""


@dataclass(frozen=True)
class TimedEvent:
    """An event, a step or a spoken sentence; `end` is None where a source only has its start."""

    start: float
    end: float | None
    text: str


@dataclass(frozen=True)
class TimedEvents:
    """All events, steps or sentences of a video, in the order of the source."""

    events: tuple[TimedEvent, ...]


@dataclass(frozen=True)
class Highlights:
    """Moments that match a query, with their saliency.

    Attributes:
      query: what the moments show; empty if they summarise the video.
      times: seconds of the moments.
      scores: saliency of each of them, on the scale of the source.
      spans: windows that match the query; empty if the source has none.
    """

    query: str
    times: tuple[float, ...]
    scores: tuple[float, ...]
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Dialogue:
    """Questions and answers that the source has written out.

    Attributes:
      turns: questions with their answers.
      spans: true windows of each question; None where they are to be found in its answer.
    """

    turns: tuple[Turn, ...]
    spans: tuple[tuple[Span, ...] | None, ...]


@dataclass(frozen=True)
class Action:
    """The class of a video or clip.

    Attributes:
      label: name or number of the class; None: the source has none.
      directional: mirrored, the video would show another class.
    """

    label: str | int | None
    directional: bool = False


Content = GroundedQuery | TimedEvents | Highlights | Dialogue | Action


@dataclass(frozen=True)
class SourceEntry:
    """One sample of an annotation file.

    Attributes:
      number: its index among the samples of the file.
      location: where it is in the file, for messages: "line 12", "videos[3].queries[0]".
      video: path, file name or id of its video, as the source has it.
      task: one of `TASKS`.
      content: what is annotated.
      clip: the part of the video that it is about; None: all of it.
      duration: seconds of the video according to the source; None if it does not have them.
      key: identifier of the sample in the source; "" if it has none.
    """

    number: int
    location: str
    video: str
    task: str
    content: Content
    clip: Span | None = None
    duration: float | None = None
    key: str = ""
