"""HiREST (j-min/HiREST, `data/splits/all_data_*.json`): moments of videos that answer a query, and their steps.

{query: {video: {relevant, clip, v_duration, bounds: [start, end], steps: [{heading, absolute_bounds}]}}}, in seconds of
the video. A video has a moment if it is `relevant` and can be made a `clip`. The moments and steps of the test split
are not public: its bounds are [0, 1] and its steps empty.
"""

from collections.abc import Iterator

from timesuite_jax.data.timepro.sources.cursor import Cursor
from timesuite_jax.data.timepro.sources.document import Document, has_fields
from timesuite_jax.data.timepro.sources.entries import GROUNDING, event_entries, parse_each, query_entry
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading, Skipped

_PLACEHOLDER = (0.0, 1.0)
_MAX_LOOKED_AT = 50  # videos by which the format is recognized


def _matches(document: Document) -> bool:
    if document.kind != "json" or not isinstance(document.value, dict):
        return False
    videos = [
        (name, value)
        for by_video in list(document.value.values())[:_MAX_LOOKED_AT]
        if isinstance(by_video, dict)
        for name, value in list(by_video.items())[:_MAX_LOOKED_AT]
    ]
    # The list of negative samples has names of videos without content.
    return any(has_fields(value, "relevant|clip", "bounds", "steps") for _, value in videos) or (
        bool(videos) and all(value == {} and name.endswith(".mp4") for name, value in videos)
    )


def _parse(by_video: Cursor, reading: Reading) -> Iterator[Found]:
    query = by_video.key_name()
    yield from parse_each(by_video.entries(), lambda moment, _: _parse_moment(query, moment, reading), reading)


def _parse_moment(query: str, moment: Cursor, reading: Reading) -> Iterator[Found]:
    video = moment.key_name()
    if not (moment.fields().get("relevant") and moment.fields().get("clip")):
        yield Skipped(moment.location, "the video has no annotated moment", excluded=True)
        return
    bounds = moment.field("bounds").span()
    if bounds == _PLACEHOLDER:
        yield Skipped(moment.location, "bounds [0, 1] are a placeholder of the test split", excluded=True)
        return
    duration = moment.field("v_duration").positive()
    if reading.task == GROUNDING:
        yield query_entry(moment, video, reading, query, [bounds], duration=duration)
        return
    steps = moment.field("steps").items()
    if not steps:
        yield Skipped(moment.location, "the moment has no annotated steps", excluded=True)
        return
    events = [(step.field("absolute_bounds"), step.field("heading")) for step in steps]
    yield from event_entries(moment, video, reading, events, clip=bounds, duration=duration)


HIREST = Format(
    name="hirest",
    title="HiREST",
    tasks=(GROUNDING, "step_localization"),
    shape="{query: {video: {relevant, clip, v_duration, bounds, steps}}}",
    reference="github.com/j-min/HiREST, data/splits",
    matches=_matches,
    rows=lambda document, _: document.by_key(),
    parse=_parse,
)
