"""COIN (coin-dataset/annotations, `COIN.json`) and the same as lists of segments and labels, as TimeChat has it.

{"database": {video id: {subset, recipe_type, duration, annotation: [{segment: [start, end], label}]}}}; TimeChat's is a
list of {video_path, segments, labels}. Seconds of the video.
"""

from collections.abc import Iterator

from timesuite_jax.data.timepro.sources.cursor import Cursor, pairs
from timesuite_jax.data.timepro.sources.database import database_rows, has_database, parse_events
from timesuite_jax.data.timepro.sources.entries import GROUNDING, event_entries
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading

_TASKS = ("step_localization", GROUNDING)


def _parse_lists(row: Cursor, reading: Reading) -> Iterator[Found]:
    events = pairs(row.field("segments"), row.field("labels"))
    yield from event_entries(row, row.field("video_path").name(), reading, events)


COIN = Format(
    name="coin",
    title="COIN",
    tasks=_TASKS,
    shape='{"database": {video id: {subset, duration, annotation: [{segment, label}]}}}',
    reference="github.com/coin-dataset/annotations",
    matches=lambda document: has_database(document, "annotation", "segment", "label"),
    rows=database_rows,
    parse=parse_events("annotation", "label"),
    splits=True,
)
COIN_TIMECHAT = Format(
    name="coin_timechat",
    title="COIN, lists of TimeChat",
    tasks=_TASKS,
    shape="list of {video_path, segments: [[start, end], ...], labels}",
    reference="github.com/RenShuhuai-Andy/TimeChat, utils/construct_it_data/process_action_data.py",
    matches=lambda document: document.has_records("video_path", "segments", "labels"),
    parse=_parse_lists,
)
