"""The description of a benchmark of dense captions: what is asked, and how answers are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from timesuite_jax.data.timepro import TASKS
from timesuite_jax.data.timepro.source_entry import TimedEvent, TimedEvents
from timesuite_jax.text.prompts import DENSE_CAPTION
from timesuite_jax.videochat_t.answering.answer_forms import EVENTS, STARTS

TASK = "dense_video_captioning"


@dataclass(frozen=True)
class CaptionWording:
    """How a protocol asks and reads.

    Attributes:
      question: about a video; it does not depend on the video.
      reader: name of the rule by which answers are read, in `event_answers.EVENT_READERS`.
    """

    question: str
    reader: str


PAPER = CaptionWording(DENSE_CAPTION, "original")
"""The original's question and parser (prompts/dvc_description.txt, eval/format_dvc.py)."""


def trained_wording(*, ends: bool) -> CaptionWording:
    """Returns a question of the training data, with our rule for answers.

    Args:
      ends: whether events have ends.
    """
    events = TimedEvents((TimedEvent(0.0, 1.0 if ends else None, "event"),))
    return CaptionWording(TASKS[TASK].wordings(events)[0].question, "events")


@dataclass(frozen=True)
class DenseCaptionSet:
    """A benchmark of dense captions.

    Attributes:
      name: for `--benchmark`.
      formats: of its annotation files, names of `data.sources.FORMATS`.
      ends: whether its events have ends; else each lasts until the next one begins.
      annotators: rule for several annotators of a video, for formats with several rules.
      id_lists: whether text files among the annotations list the videos of a split.
      sizes: number of annotated videos of each official split; empty if unknown.
    """

    name: str
    formats: tuple[str, ...]
    ends: bool = True
    annotators: str | None = None
    id_lists: bool = False
    sizes: Mapping[str, int] = field(default_factory=dict)

    def wording(self, protocol: str) -> CaptionWording:
        """Returns how "paper" or "default" asks and reads."""
        return PAPER if protocol == "paper" else trained_wording(ends=self.ends)

    @property
    def form(self) -> str:
        """Form of constrained answers, one of `answer_forms.FORMS`."""
        return EVENTS if self.ends else STARTS
