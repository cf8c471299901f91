"""One example of a report: frames, a timeline of truth and answer, and the texts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import UInt8

from timesuite_jax.evaluation.html_report.markup import Html, image, join, tag
from timesuite_jax.evaluation.timeline_spans import Span
from timesuite_jax.media import encode_jpeg

_LONGEST = 2000  # characters of a text
_TICKS = 5
_QUALITY = 80


@dataclass(frozen=True)
class Lane:
    """A row of a timeline.

    Attributes:
      name: "truth" or "answer".
      spans: in seconds of the video.
      empty: what is written where there are none.
    """

    name: str
    spans: Sequence[Span]
    empty: str = ""


@dataclass(frozen=True)
class ReportCard:
    """An example.

    Attributes:
      id: of the example.
      video: name of its video.
      score: e.g. "IoU 0.71".
      texts: by their names, e.g. "question".
      lanes: of the timeline; none where there is no timeline.
      start: second of the video at which the timeline begins.
      duration: seconds of the timeline.
      options: of a multiple-choice question: the text, whether it is right, and whether it was chosen.
      frames: evenly spaced frames of the video.
    """

    id: str
    video: str
    score: str
    texts: Sequence[tuple[str, str]]
    lanes: Sequence[Lane] = ()
    start: float = 0.0
    duration: float = 0.0
    options: Sequence[tuple[str, bool, bool]] = ()
    frames: Sequence[UInt8[np.ndarray, "H W 3"]] = field(default=(), repr=False)


def card_html(card: ReportCard) -> Html:
    """Returns the HTML of an example."""
    head = tag(
        "h4", tag("span", card.video, " ", tag("span", card.id, class_="soft")), tag("span", card.score, class_="score")
    )
    texts = [join((tag("dt", name), tag("dd", _shortened(text)))) for name, text in card.texts]
    if card.options:
        texts.append(join((tag("dt", "options"), tag("dd", _options(card.options)))))
    return tag("div", head, _strip(card.frames), _timeline(card), tag("dl", *texts, class_="texts"), class_="card")


def _strip(frames: Sequence[UInt8[np.ndarray, "H W 3"]]) -> Html:
    if not frames:
        return Html()
    pictures = (
        image(encode_jpeg(frame, quality=_QUALITY), f"frame {number}") for number, frame in enumerate(frames, 1)
    )
    return tag("div", *pictures, class_="strip")


def _timeline(card: ReportCard) -> Html:
    if not card.lanes or card.duration <= 0:
        return Html()
    lanes = (
        tag(
            "div",
            tag("span", lane.name),
            tag("div", *(_bar(span, card) for span in lane.spans), *([] if lane.spans else [tag("em", lane.empty)])),
            class_=f"lane {lane.name}",
        )
        for lane in card.lanes
    )
    times = (card.start + card.duration * tick / _TICKS for tick in range(_TICKS + 1))
    return join((*lanes, tag("div", *(tag("span", f"{time:.1f} s") for time in times), class_="axis")))


def _bar(span: Span, card: ReportCard) -> Html:
    """A span, limited to the timeline; one beyond it is a mark at the edge."""
    left, right = (100 * min(max((time - card.start) / card.duration, 0.0), 1.0) for time in span)
    left = min(left, 99.5)
    style = f"left:{left:.2f}%;width:{max(right - left, 0.0):.2f}%"
    return tag("i", style=style, title=f"{span[0]:.1f} to {span[1]:.1f} s")


def _options(options: Sequence[tuple[str, bool, bool]]) -> Html:
    rows = []
    for text, right, chosen in options:
        note = " (right, chosen)" if right and chosen else " (right)" if right else " (chosen)" if chosen else ""
        rows.append(tag("li", _shortened(text) + note, class_="right" if right else "other"))
    return tag("ul", *rows, class_="options")


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " ..."
