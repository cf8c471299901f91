"""Moments as JSON lines, the form to which VideoMind (yeliudev/VideoMind) and others convert many data sets.

A row is {vid (or video_id), query, duration, and one of span, relevant_windows, timestamps}: one window [start, end] or
a list of them, in seconds. InternVid-VTime, CosMo-Cap, Vid-Morp, TACoS, Ego4D-NLQ v2 and Charades-STA exist in it.
"""

from collections.abc import Iterator

from timesuite_jax.data.timepro.sources.cursor import Cursor
from timesuite_jax.data.timepro.sources.document import Document
from timesuite_jax.data.timepro.sources.entries import GROUNDING, query_entry
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading

_WINDOWS = ("span", "relevant_windows", "timestamps")


def _matches(document: Document) -> bool:
    return document.has_records("vid|video_id", "query", "|".join(_WINDOWS)) and not document.has_records(
        "saliency_scores|relevant_clip_ids"
    )


def _parse(row: Cursor, reading: Reading) -> Iterator[Found]:
    video, query = row.field("vid", "video_id").name(), row.field("query").text()
    yield query_entry(row, video, reading, query, row.field(*_WINDOWS).spans(), duration=row.duration())


MOMENTS = Format(
    name="moments",
    title="InternVid-VTime, CosMo-Cap, TACoS, Ego4D-NLQ and others as JSON lines",
    tasks=(GROUNDING, "multi_format_temporal_grounding"),
    shape="JSON lines of {vid or video_id, query, duration, span or relevant_windows or timestamps}",
    reference="github.com/yeliudev/VideoMind, videomind/dataset/sub_classes",
    matches=_matches,
    parse=_parse,
)
