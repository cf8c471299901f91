"""Captioned clips of videos, from the entries of annotation files."""

from collections.abc import Iterator
from dataclasses import dataclass

from timesuite_jax.data.timepro.source_entry import GroundedQuery, SourceEntry, TimedEvents
from timesuite_jax.errors import UserError


@dataclass(frozen=True)
class CaptionedClip:
    """A part of a video and its detailed caption.

    Attributes:
      start: its first second.
      end: its last second; None if the source does not have it.
      caption: what happens in it.
      title: a short title, where the source has one; else empty.
    """

    start: float
    end: float | None
    caption: str
    title: str = ""


def clips_of(entry: SourceEntry) -> Iterator[CaptionedClip]:
    """Yields the clips of an entry: its events, or the event of a query whose caption, or query, is detailed.

    Raises:
      UserError: the entry has no captions of clips.
    """
    match entry.content:
        case TimedEvents(events):
            for event in events:
                yield CaptionedClip(event.start, event.end, event.text)
        case GroundedQuery(query, spans, caption):
            for start, end in spans:
                yield CaptionedClip(start, end, caption or query, query if caption else "")
        case other:
            raise UserError(
                f"{entry.location}: {entry.video} has {type(other).__name__}, no captions of clips; give a source with "
                "the times of clips and a caption for each"
            )
