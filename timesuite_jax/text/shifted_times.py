"""Moves the times in an answer about a clip to those of the whole video."""

import math
import re

from timesuite_jax.text.answers.spans import TimeSpan
from timesuite_jax.text.time_text import format_seconds
from timesuite_jax.text.timestamps import parse_spans
from timesuite_jax.text.written_times import WRITTEN_TIME, equal_spans, written_seconds
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
    edges = [edge for span in spans for edge in span]

    def replace(match: re.Match[str]) -> str:
        seconds = written_seconds(match.group())
        if not any(abs(seconds - edge) < 1e-6 for edge in edges):
            return match.group()
        return (
            short_clock(round(10 * rounded(seconds + offset)), 10)
            if match["clock"]
            else format_seconds(seconds + offset)
        )

    shifted = WRITTEN_TIME.sub(replace, text)
    if spans and equal_spans(
        parse_spans(shifted, duration=None if duration is None else offset + duration),
        [TimeSpan(*video_span(span, (offset, math.inf))) for span in spans],
    ):
        return shifted
    return f"{text} (times count from second {offset:g} of the video)"
