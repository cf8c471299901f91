"""ActivityNet and HACS: untrimmed videos with segments of actions, each of which is a sample.

ActivityNet's `activity_net.v1-3.min.json` and `HACS_segments_v1.1.1.json`: {"database": {ID: {subset, duration,
annotations: [{label, segment: [start, end]}]}}}. `HACS_clips_v1.1.1.csv`: `classname,youtube_id,subset,start,end,label`
of clips of two seconds, whose label is 1, or -1 where the clip does not show the class. Videos are `v_ID.mp4`.
"""

from collections.abc import Iterator

from timesuite_jax.data.actions.kinetics import seconds_of
from timesuite_jax.data.actions.rows import RECOGNITION, action_entry, has_heading, heading_rows, readable_texts
from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor
from timesuite_jax.data.timepro.sources.database import database_rows, has_database, rows_of_split
from timesuite_jax.data.timepro.sources.document import Document
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading, Skipped


def _parse_segments(row: Cursor, reading: Reading) -> Iterator[Found]:
    annotations = row.field("annotations").items()
    if not annotations:
        yield Skipped(row.location, "has no segments", excluded=True)
    for annotation in annotations:
        try:
            start, end = annotation.field("segment").span()
            if not 0 <= start < end:
                raise BadField(annotation.location, f"has the segment {[start, end]}, not two seconds in order")
            label = annotation.field("label").text()
        except BadField as error:
            yield Skipped(error.location, error.reason)
        else:
            yield action_entry(annotation, f"v_{row.key_name()}", label, clip=(start, end), duration=row.duration())


def _segment_classes(document: Document) -> tuple[str, ...]:
    videos = [video for video in document.value["database"].values() if isinstance(video, dict)]
    events = [event for video in videos for event in _list(video.get("annotations")) if isinstance(event, dict)]
    return readable_texts(Cursor("label", event.get("label")) for event in events)


def _list(value: object) -> list:
    return value if isinstance(value, list) else []


def _parse_clip(row: Cursor, reading: Reading) -> Iterator[Found]:
    label = row.field("label").text()
    if label == "-1":
        yield Skipped(row.location, "does not show the class (label -1)", excluded=True)
        return
    if label != "1":
        raise row.field("label").wrong("1 or -1")
    start, end = seconds_of(row, "start"), seconds_of(row, "end")
    if not 0 <= start < end:
        raise BadField(row.location, f"has the time {start:g} to {end:g}, not two seconds in order")
    yield action_entry(row, f"v_{row.field('youtube_id').name()}", row.field("classname").text(), clip=(start, end))


def _clip_classes(document: Document) -> tuple[str, ...]:
    return readable_texts(row.optional("classname") for row in heading_rows(document))


ACTIVITYNET = Format(
    name="activitynet",
    title="ActivityNet, HACS Segments",
    tasks=(RECOGNITION,),
    shape='{"database": {id: {subset, duration, annotations: [{label, segment}]}}}',
    reference="activity-net.org, activity_net.v1-3.min.json; hacs.csail.mit.edu",
    matches=lambda document: has_database(document, "annotations", "label", "segment"),
    rows=database_rows,
    parse=_parse_segments,
    splits=True,
    classes=_segment_classes,
)
HACS_CLIPS = Format(
    name="hacs_clips",
    title="HACS Clips",
    tasks=(RECOGNITION,),
    shape="CSV with the heading classname,youtube_id,subset,start,end,label",
    reference="github.com/hangzhaomit/HACS-dataset",
    matches=lambda document: has_heading(document, "classname", "youtube_id", "subset", "start", "end", "label"),
    rows=lambda document, reading: rows_of_split(
        document, reading, lambda: heading_rows(document), lambda row: row.fields().get("subset", "")
    ),
    parse=_parse_clip,
    splits=True,
    classes=_clip_classes,
)
