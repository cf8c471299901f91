"""How the events of an answer are read: as training data have them, or as the original does.

Each function takes the text of an answer and the seconds of the shown video, and returns (start, end, caption) of each
event. Times that are not finite numbers are left out.
"""

import math
from collections.abc import Callable, Iterable

from timesuite_jax.data.timepro import TASKS
from timesuite_jax.data.timepro.source_entry import TimedEvents
from timesuite_jax.text import parse_spans, span_captions
from timesuite_jax.text.upstream_answers import upstream_captions
from timesuite_jax.videochat_t.benchmarks.published.dense_captions.caption_set import TASK
from timesuite_jax.videochat_t.benchmarks.published.dense_captions.event_times import CaptionedSpan, complete_events

ReadEvents = Callable[[str, float], tuple[CaptionedSpan, ...]]


def read_events(text: str, duration: float) -> tuple[CaptionedSpan, ...]:
    """Reads events as training data have them, else the spans of the answer with what it states about each.

    Events are ordered by their start, as in the evaluation of SODA; one without an end lasts until the next begins.
    """
    listed = TASKS[TASK].parse(text.strip())
    if isinstance(listed, TimedEvents):
        return complete_events(listed, duration)
    spans = parse_spans(text, duration=duration)
    captions = span_captions(text, spans, duration=duration)
    found = ((span.start, span.end, caption) for span, caption in zip(spans, captions, strict=True))
    return tuple(sorted(_finite(found), key=lambda event: event[0]))


def read_upstream(text: str, duration: float) -> tuple[CaptionedSpan, ...]:
    """Reads events as the original's `format_dvc_output` does; none where that raises."""
    del duration  # the original's parser does not have it
    spans, captions = upstream_captions(text).value or ([], [])
    try:
        found = [(float(start), float(end), caption) for (start, end), caption in zip(spans, captions, strict=True)]
    except ValueError:  # "start time 1..2, end time 3": its scorer would raise
        return ()
    return tuple(_finite(found))


EVENT_READERS: dict[str, ReadEvents] = {"events": read_events, "original": read_upstream}
"""By the names that result files have."""


def _finite(events: Iterable[CaptionedSpan]) -> Iterable[CaptionedSpan]:
    return (event for event in events if math.isfinite(event[0]) and math.isfinite(event[1]))
