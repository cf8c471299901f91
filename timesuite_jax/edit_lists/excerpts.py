"""Excerpts of a video: the frames and seconds of spans, with a text each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from timesuite_jax.edit_lists.source_video import SourceVideo
from timesuite_jax.timing.frames import FrameRange, frames_span, span_frames
from timesuite_jax.timing.upstream_stamps import index_times

Span = tuple[float, float]  # start and end in seconds


@dataclass(frozen=True)
class Excerpt:
    """A part of a video.

    Attributes:
      frames: half-open.
      start: time of its first frame, seconds after the start of the file.
      end: time of the first frame after it, or the end of the video.
      text: one line.
    """

    frames: FrameRange
    start: float
    end: float
    text: str


@dataclass(frozen=True)
class EditList:
    """Excerpts of one video in the order of their starts.

    Attributes:
      source: the video.
      title: one line.
      excerpts: of the video; may overlap.
      outside: spans that were left out, because no frame of the video is in them.
    """

    source: SourceVideo
    title: str
    excerpts: tuple[Excerpt, ...]
    outside: tuple[Span, ...] = ()


def make_edit_list(
    source: SourceVideo,
    spans: Sequence[Span],
    texts: Sequence[str],
    *,
    title: str,
    clock: Literal["pts", "index"] = "pts",
) -> EditList:
    """Finds the frames of spans.

    Args:
      source: the video.
      spans: start and end in seconds of the video.
      texts: one for each span.
      title: of the list.
      clock: what the seconds are, see `media.sampling`: times of a player, or, by the original's rule, frame numbers
        divided by the average frame rate.
    """
    times, duration = source.times, source.duration
    if clock == "index":
        times = index_times(len(times), float(source.rate))
        duration = len(times) / float(source.rate)
    found, outside = [], []
    for span, text in zip(spans, texts, strict=True):
        if span[0] >= duration or span[1] < 0:
            outside.append(span)
            continue
        frames = span_frames(times, span)
        found.append(Excerpt(frames, *frames_span(source.times, source.duration, frames), one_line(text)))
    return EditList(source, one_line(title), tuple(sorted(found, key=lambda one: one.frames)), tuple(outside))


def one_line(text: str) -> str:
    """The text without line breaks and control characters, with single spaces."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
