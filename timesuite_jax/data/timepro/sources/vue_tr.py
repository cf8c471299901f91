"""VUE-TR (bytedance/vidi): queries with all their windows.

A list of {query_id, query, video_id, duration, gt: [[start, end], ...], query_modality}, in seconds. The splits are the
modalities that a query needs: "vision", "audio", or both.
"""

from collections.abc import Iterator
from dataclasses import replace

from timesuite_jax.data.timepro.sources.cursor import Cursor
from timesuite_jax.data.timepro.sources.database import ALL_SPLITS, rows_of_split
from timesuite_jax.data.timepro.sources.document import Document
from timesuite_jax.data.timepro.sources.entries import GROUNDING, query_entry
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading, Skipped


def _rows(document: Document, reading: Reading) -> Iterator[Cursor | Skipped]:
    """Yields the queries of the chosen split; all of them if none is chosen."""
    yield from rows_of_split(document, replace(reading, split=reading.split or ALL_SPLITS), document.records, _modality)


def _modality(row: Cursor) -> str:
    modality = row.value.get("query_modality") if isinstance(row.value, dict) else None
    return modality if isinstance(modality, str) else ""


def _parse(row: Cursor, reading: Reading) -> Iterator[Found]:
    video, query = row.field("video_id").name(), row.field("query").text()
    yield query_entry(row, video, reading, query, row.field("gt").spans(), duration=row.duration())


VUE_TR = Format(
    name="vue_tr",
    title="VUE-TR",
    tasks=(GROUNDING,),
    shape="list of {query_id, query, video_id, duration, gt: [[start, end], ...], query_modality}",
    reference="github.com/bytedance/vidi",
    matches=lambda document: document.has_records("query_id", "query", "video_id", "gt"),
    rows=_rows,
    parse=_parse,
    splits=True,
)
