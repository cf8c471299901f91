"""Ego4D Natural Language Queries (`nlq_train.json`, `nlq_val.json`): questions about clips of long videos.

{"videos": [{video_uid, clips: [{clip_uid, video_start_sec, video_end_sec, annotations: [{language_queries: [{query,
clip_start_sec, clip_end_sec}]}]}]}]}. Windows count in seconds from the start of the clip. A query without a text,
which the release has, is skipped.
"""

from collections.abc import Iterator

from timesuite_jax.data.timepro.source_entry import GroundedQuery
from timesuite_jax.data.timepro.sources.cursor import Cursor
from timesuite_jax.data.timepro.sources.document import Document, first_of, has_fields
from timesuite_jax.data.timepro.sources.entries import GROUNDING, make_entry, parse_each
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading


def _matches(document: Document) -> bool:
    if document.kind != "json" or not has_fields(document.value, "videos"):
        return False
    videos = document.value["videos"]
    return isinstance(videos, list) and any(
        has_fields(video.value, "video_uid", "clips") for video in first_of(iter(Cursor("", videos).items()))
    )


def _parse(video: Cursor, reading: Reading) -> Iterator[Found]:
    name = video.field("video_uid").name()
    yield from parse_each(video.field("clips").items(), lambda clip, _: _parse_clip(name, clip, reading), reading)


def _parse_clip(name: str, clip: Cursor, reading: Reading) -> Iterator[Found]:
    part = clip.field("video_start_sec").number(), clip.field("video_end_sec").number()
    if not 0 <= part[0] < part[1]:
        raise clip.field("video_end_sec").wrong(f"after video_start_sec, {part[0]:g}")

    def parse_query(query: Cursor, _: Reading) -> Iterator[Found]:
        span = query.field("clip_start_sec").number(), query.field("clip_end_sec").number()
        content = GroundedQuery(query.field("query").text(), (span,))
        yield make_entry(query, name, reading.task, content, clip=part)

    for annotation in clip.field("annotations").items():
        yield from parse_each(annotation.field("language_queries").items(), parse_query, reading)


EGO4D_NLQ = Format(
    name="ego4d_nlq",
    title="Ego4D Natural Language Queries",
    tasks=(GROUNDING,),
    shape='{"videos": [{video_uid, clips: [{video_start_sec, video_end_sec, annotations: [{language_queries}]}]}]}',
    reference="ego4d-data.org/docs/data/annotations-schemas",
    matches=_matches,
    rows=lambda document, _: Cursor("", document.value).field("videos").items(),
    parse=_parse,
)
