"""ViTT (google-research-datasets/Video-Timeline-Tags-ViTT), as released and as TimeChat has it.

Released: a list of {id, annotations: [{timestamp, tag}]}, starts in milliseconds, one row an annotator of a video.
TimeChat's: a list of {vid, captions, segments: [[start], ...]} in seconds. Sections have no end.
"""

from collections.abc import Iterator

from timesuite_jax.data.timepro.sources.cursor import Cursor, pairs
from timesuite_jax.data.timepro.sources.document import Document, first_of, has_fields
from timesuite_jax.data.timepro.sources.entries import event_entries
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading, Skipped

_MILLISECOND = 1e-3
_TASKS = ("dense_video_captioning",)


def _matches(document: Document) -> bool:
    if not document.has_records("id", "annotations"):
        return False
    rows = [row.value for row in first_of(document.records()) if has_fields(row.value, "annotations")]
    return any(
        has_fields(section, "timestamp", "tag")
        for row in rows
        if isinstance(row["annotations"], list)
        for section in row["annotations"]
    )


def _rows(document: Document, reading: Reading) -> Iterator[Cursor | Skipped]:
    """Yields the rows of each video's first annotator, or of all."""
    seen: set[str] = set()
    for row in document.records():
        name = row.value.get("id") if isinstance(row.value, dict) else None
        if reading.annotators == "first" and isinstance(name, str) and name in seen:
            yield Skipped(row.location, "by a further annotator of its video", excluded=True)
        else:
            if isinstance(name, str):
                seen.add(name)
            yield row


def _parse(row: Cursor, reading: Reading) -> Iterator[Found]:
    events = [(section.field("timestamp"), section.field("tag")) for section in row.field("annotations").items()]
    yield from event_entries(row, row.field("id").name(), reading, events, unit=_MILLISECOND)


def _parse_lists(row: Cursor, reading: Reading) -> Iterator[Found]:
    events = [(_start(segment), caption) for segment, caption in pairs(row.field("segments"), row.field("captions"))]
    yield from event_entries(row, row.field("vid").name(), reading, events)


def _start(segment: Cursor) -> Cursor:
    """The start in [start] or [start, end]."""
    if isinstance(segment.value, list) and not (edges := segment.items()):
        raise segment.wrong("[start]")
    return edges[0] if isinstance(segment.value, list) else segment


VITT = Format(
    name="vitt",
    title="ViTT",
    tasks=_TASKS,
    shape="list of {id, annotations: [{timestamp (milliseconds), tag}]}",
    reference="github.com/google-research-datasets/Video-Timeline-Tags-ViTT",
    matches=_matches,
    rows=_rows,
    parse=_parse,
    annotators=("first", "each"),
)
VITT_TIMECHAT = Format(
    name="vitt_timechat",
    title="ViTT, lists of TimeChat",
    tasks=_TASKS,
    shape="list of {vid, captions, segments: [[start], ...]}",
    reference="github.com/RenShuhuai-Andy/TimeChat, utils/construct_it_data/process_dvc_data.py",
    matches=lambda document: document.has_records("vid", "captions", "segments"),
    parse=_parse_lists,
)
