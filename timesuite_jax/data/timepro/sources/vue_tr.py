"""VUE-TR (bytedance/vidi): queries with all their windows.

A list of {query_id, query, video_id, duration, gt: [[start, end], ...]}, in seconds.
"""

from collections.abc import Iterator

from timesuite_jax.data.timepro.sources.cursor import Cursor
from timesuite_jax.data.timepro.sources.entries import GROUNDING, query_entry
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading


def _parse(row: Cursor, reading: Reading) -> Iterator[Found]:
    video, query = row.field("video_id").name(), row.field("query").text()
    yield query_entry(row, video, reading, query, row.field("gt").spans(), duration=row.duration())


VUE_TR = Format(
    name="vue_tr",
    title="VUE-TR",
    tasks=(GROUNDING,),
    shape="list of {query_id, query, video_id, duration, gt: [[start, end], ...]}",
    reference="github.com/bytedance/vidi",
    matches=lambda document: document.has_records("query_id", "query", "video_id", "gt"),
    parse=_parse,
)
