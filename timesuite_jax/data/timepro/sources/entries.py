"""Makes samples of rows: of a query, of all events of a row, or of each event as a query."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from timesuite_jax.data.question_spans import Span
from timesuite_jax.data.timepro.source_entry import Content, GroundedQuery, SourceEntry, TimedEvent, TimedEvents
from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor
from timesuite_jax.data.timepro.sources.format import Found, Reading, Skipped

GROUNDING = "temporal_video_grounding"
_UNNUMBERED = -1  # `read_source` numbers the samples of a file


def make_entry(
    row: Cursor, video: str, task: str, content: Content, *, clip: Span | None = None, duration: float | None = None
) -> SourceEntry:
    """Makes a sample without its number.

    Args:
      row: the part of the file that it comes from.
      video: path, file name or id of its video.
      task: what it is for.
      content: what is annotated.
      clip: seconds of the video that it is about.
      duration: seconds of the video.
    """
    return SourceEntry(_UNNUMBERED, row.location, video, task, content, clip, duration)


def parse_each(
    rows: Iterable[Cursor | Skipped], parse: Callable[[Cursor, Reading], Iterable[Found]], reading: Reading
) -> Iterator[Found]:
    """Yields the samples of several rows; one that is wrong is skipped as a whole, with the reason."""
    for row in rows:
        if isinstance(row, Skipped):
            yield row
            continue
        try:
            found = tuple(parse(row, reading))
        except BadField as error:
            found = (Skipped(error.location, error.reason),)
        yield from found


def query_entry(
    row: Cursor, video: str, reading: Reading, query: str, spans: Sequence[Span], *, duration: float | None = None
) -> SourceEntry:
    """Makes a sample of a query and the seconds at which it happens."""
    return make_entry(row, video, reading.task, GroundedQuery(query, tuple(spans)), duration=duration)


def event_entries(
    row: Cursor,
    video: str,
    reading: Reading,
    events: Sequence[tuple[Cursor, Cursor]],
    *,
    clip: Span | None = None,
    duration: float | None = None,
    unit: float = 1.0,
) -> Iterator[Found]:
    """Yields the events of a row: one sample of all, or for grounding one of each, which may fail by itself.

    Args:
      row: the row of the file.
      video: its video.
      reading: whose task decides.
      events: time (a pair, or a start) and text of each.
      clip: seconds of the video that the row is about; the events' times count from the start of the video.
      duration: seconds of the video.
      unit: seconds per unit of the events' times.

    Raises:
      BadField: an event is wrong, and the sample would have all of them; or there are none.
    """
    if not events:
        raise BadField(row.location, "has no events")
    origin = clip[0] if clip else 0.0
    if reading.task != GROUNDING:
        content = TimedEvents(tuple(_event(time, text, unit, origin) for time, text in events))
        yield make_entry(row, video, reading.task, content, clip=clip, duration=duration)
        return
    for time, text in events:
        try:
            event = _event(time, text, unit, origin)
            if event.end is None:
                raise BadField(time.location, "has no end, which temporal_video_grounding needs")
        except BadField as error:
            yield Skipped(error.location, error.reason)
        else:
            content = GroundedQuery(event.text, ((event.start, event.end),))
            yield make_entry(text, video, reading.task, content, clip=clip, duration=duration)


def _event(time: Cursor, text: Cursor, unit: float, origin: float) -> TimedEvent:
    edges = time.span() if isinstance(time.value, list | tuple) else (time.number(), None)
    # Differences of decimal numbers, such as 58.1 - 50.0, have no more digits than these numbers.
    start, end = (None if edge is None else round(edge * unit - origin, 6) for edge in edges)
    assert start is not None
    return TimedEvent(start, end, text.text())
