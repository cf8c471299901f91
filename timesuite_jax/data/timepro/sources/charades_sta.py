"""Charades-STA (jiyanggao/TALL): `charades_sta_*.txt`, and the COCO form of TimeChat.

A line is `VIDEO START END##sentence`; a row of the COCO form {image_id, caption, timestamp: [start, end]}. Seconds.
"""

import re
from collections.abc import Iterator

from timesuite_jax.data.timepro.sources.coco import coco_rows, has_coco_rows
from timesuite_jax.data.timepro.sources.cursor import Cursor
from timesuite_jax.data.timepro.sources.document import Document, first_of
from timesuite_jax.data.timepro.sources.entries import GROUNDING, query_entry
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading

_LINE = re.compile(r"\s*(\S+) +(\d{1,9}(?:\.\d{1,9})?) +(\d{1,9}(?:\.\d{1,9})?) *##(.*)", re.ASCII)


def _matches(document: Document) -> bool:
    return document.kind == "text" and any(_LINE.match(row.value) for row in first_of(document.records()))


def _parse(row: Cursor, reading: Reading) -> Iterator[Found]:
    found = _LINE.match(row.value)
    if found is None:
        raise row.wrong("'VIDEO START END##sentence'")
    video, start, end, sentence = found.groups()
    query = Cursor(row.location, sentence).text()
    yield query_entry(row, Cursor(row.location, video).name(), reading, query, [(float(start), float(end))])


def _parse_coco(row: Cursor, reading: Reading) -> Iterator[Found]:
    video, query = row.field("image_id").name(), row.field("caption").text()
    yield query_entry(row, video, reading, query, [row.field("timestamp").span()])


CHARADES_STA = Format(
    name="charades_sta",
    title="Charades-STA",
    tasks=(GROUNDING,),
    shape="lines of VIDEO START END##sentence",
    reference="github.com/jiyanggao/TALL",
    matches=_matches,
    parse=_parse,
)
CHARADES_STA_COCO = Format(
    name="charades_sta_coco",
    title="Charades-STA, COCO form",
    tasks=(GROUNDING,),
    shape='{"annotations": [{image_id, caption, timestamp: [start, end]}]}',
    reference="github.com/RenShuhuai-Andy/TimeChat, utils/get_coco_format.py",
    matches=lambda document: has_coco_rows(document, ("caption", "timestamp"), without="saliency_scores"),
    rows=coco_rows,
    parse=_parse_coco,
)
