"""Events with both times, where a source or an answer may only have their starts."""

from timesuite_jax.data.timepro.source_entry import TimedEvents

CaptionedSpan = tuple[float, float, str]
"""Start and end in seconds, and the caption."""


def complete_events(events: TimedEvents, duration: float) -> tuple[CaptionedSpan, ...]:
    """Returns events by their start, each with an end.

    An event without an end lasts until the next one begins, and the last one until the end of the video, as in
    VidChapters' preparation of ViTT (github.com/antoyang/VidChapters, preproc/vitt.py).

    Args:
      events: in any order.
      duration: seconds of the video.
    """
    ordered = sorted(events.events, key=lambda event: event.start)
    following = [event.start for event in ordered[1:]] + [duration] * bool(ordered)
    return tuple(
        (event.start, max(event.start, end) if event.end is None else event.end, event.text)
        for event, end in zip(ordered, following, strict=True)
    )
