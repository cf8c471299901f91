"""QVHighlights (jayleicn/moment_detr, `highlight_*.jsonl`) and the COCO form of TimeChat.

A row has `relevant_windows` in seconds, `relevant_clip_ids` of 2-second clips, and for each of these `saliency_scores`
of three annotators from 0 (very bad) to 4 (very good), of which the mean is used. A moment's time is the start of its
clip. The files `highlight_test_release.jsonl` have neither; the truth is in `highlight_test_with_gt.jsonl`.
"""

from collections.abc import Iterator
from dataclasses import replace

from timesuite_jax.data.question_spans import Span
from timesuite_jax.data.timepro.source_entry import Highlights, SourceEntry
from timesuite_jax.data.timepro.sources.coco import coco_rows, has_coco_rows
from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor, pairs
from timesuite_jax.data.timepro.sources.document import Document
from timesuite_jax.data.timepro.sources.entries import GROUNDING, make_entry, query_entry
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading

_CLIP_S = 2.0
_TASKS = ("highlight_detection", GROUNDING)
_MAX_CLIPS = 10**6


def _matches(document: Document) -> bool:
    return document.has_records("qid", "query", "vid", "duration") and (
        document.has_records("saliency_scores|relevant_clip_ids") or not document.has_records("relevant_windows")
    )


def _parse(row: Cursor, reading: Reading, video: str, query: str, windows: Cursor | None) -> Iterator[Found]:
    duration = row.duration()
    spans: tuple[Span, ...] = () if windows is None else windows.spans()
    if reading.task == GROUNDING:
        if windows is None:
            raise BadField(
                row.location, "has no relevant_windows; give highlight_test_with_gt.jsonl for the test split"
            )
        yield query_entry(row, video, reading, query, spans, duration=duration)
        return
    if row.optional("saliency_scores") is None:
        raise BadField(row.location, "has no saliency_scores; give highlight_test_with_gt.jsonl for the test split")
    moments = pairs(row.field("relevant_clip_ids"), row.field("saliency_scores"))
    times = tuple(_clip_start(clip) for clip, _ in moments)
    scores = tuple(_mean(given) for _, given in moments)
    yield make_entry(row, video, reading.task, Highlights(query, times, scores, spans), duration=duration)


def _clip_start(clip: Cursor) -> float:
    number = clip.number()
    if not (number.is_integer() and 0 <= number < _MAX_CLIPS):
        raise clip.wrong("the number of a clip")
    return number * _CLIP_S


def _mean(scores: Cursor) -> float:
    given = [score.number() for score in scores.items()]
    if not given:
        raise scores.wrong("a list of scores")
    return sum(given) / len(given)


def _parse_row(row: Cursor, reading: Reading) -> Iterator[Found]:
    query, video, key = row.field("query").text(), row.field("vid").name(), str(row.field("qid").value)
    for found in _parse(row, reading, video, query, row.optional("relevant_windows")):
        yield replace(found, key=key) if isinstance(found, SourceEntry) else found


def _parse_coco(row: Cursor, reading: Reading) -> Iterator[Found]:
    query, video = row.field("caption").text(), row.field("image_id").name()
    yield from _parse(row, reading, video, query, row.optional("timestamp"))


QVHIGHLIGHTS = Format(
    name="qvhighlights",
    title="QVHighlights",
    tasks=_TASKS,
    shape="JSON lines of {qid, query, vid, duration, relevant_windows, relevant_clip_ids, saliency_scores}",
    reference="github.com/jayleicn/moment_detr, data",
    matches=_matches,
    parse=_parse_row,
)
QVHIGHLIGHTS_COCO = Format(
    name="qvhighlights_coco",
    title="QVHighlights, COCO form",
    tasks=_TASKS,
    shape='{"annotations": [{image_id, caption, timestamp, relevant_clip_ids, saliency_scores, duration}]}',
    reference="github.com/RenShuhuai-Andy/TimeChat, data set TimeIT",
    matches=lambda document: has_coco_rows(document, ("caption", "saliency_scores")),
    rows=coco_rows,
    parse=_parse_coco,
)
