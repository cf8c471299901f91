"""Moves the times in an answer about a clip to those of the whole video."""

import math
import re

from timesuite_jax.text.answers.spans import TimeSpan
from timesuite_jax.text.located_spans import locate_spans
from timesuite_jax.text.parts import replace_parts
from timesuite_jax.text.time_text import format_seconds
from timesuite_jax.text.timestamps import parse_spans
from timesuite_jax.text.written_times import equal_spans, written_seconds
from timesuite_jax.timing.clips import video_span
from timesuite_jax.timing.clock_notation import short_clock
from timesuite_jax.timing.rounding import rounded

_SINGLE = re.compile(r"\d\s*(?:s|secs?|seconds?|m|mins?|minutes?)\b|\d:[0-5]\d", re.IGNORECASE | re.ASCII)


def shift_times(text: str, offset: float, *, duration: float | None = None) -> str:
    """Adds an offset to the times of an answer.

    Args:
      text: answer of the model, with times in seconds from the start of a clip.
      offset: second of the video at which the clip starts.
      duration: seconds of the clip, for "until the end"; None if unknown.

    Returns:
      The answer with times of the video; where they are written in a way that cannot be replaced reliably, the answer
      itself with a note of what its times count from.
    """
    spans = parse_spans(text, duration=duration)
    if not offset or not (spans or _SINGLE.search(text)):
        return text
    located = locate_spans(text, spans, duration=duration) or []
    places = dict.fromkeys(place for _, *edges in located for place in edges if place is not None)
    shifted = replace_parts(text, [(place.start(), place.end(), _later(place, offset)) for place in places])
    if spans and equal_spans(
        parse_spans(shifted, duration=None if duration is None else offset + duration),
        [TimeSpan(*video_span(span, (offset, math.inf))) for span in spans],
    ):
        return shifted
    return f"{text} (times count from second {offset:g} of the video)"


def _later(place: re.Match[str], offset: float) -> str:
    seconds = written_seconds(place.group()) + offset
    return short_clock(round(10 * rounded(seconds)), 10) if place["clock"] else format_seconds(seconds)
