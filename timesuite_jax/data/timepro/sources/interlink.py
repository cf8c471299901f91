"""CosMo's HowTo-Interlink7M: detailed captions of all clips of a video.

A table with tabs and a header, with the columns `clips` (JSON: [{clip: "0:00:00 - 0:00:05", caption}]) and `path`,
`video_name`, `video_id` or `video`; JSON lines of the same; or {video id: [{start, end, caption}]}. Times are h:mm:ss
or seconds.
"""

import json
import re
from collections.abc import Iterator

from timesuite_jax.data.timepro.sources.cursor import Cursor
from timesuite_jax.data.timepro.sources.document import Document, first_of, has_fields
from timesuite_jax.data.timepro.sources.entries import GROUNDING, event_entries
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading, Skipped

_NAMES = ("video_name", "video_id", "video", "path")
_TIME = r"\s*(?:(\d{1,4}):)?(\d{1,4}):(\d{1,4}(?:\.\d{1,9})?)\s*"
_CLIP = re.compile(f"{_TIME}-{_TIME}", re.ASCII)


def _matches(document: Document) -> bool:
    if document.kind == "text":
        header = document.value[0].split("\t")
        return "clips" in header and any(name in header for name in _NAMES)
    if document.has_records("clips", "|".join(_NAMES)):
        return True
    return document.kind == "json" and any(
        isinstance(row.value, list) and any(has_fields(clip, "start", "end", "caption") for clip in row.value)
        for row in first_of(document.by_key())
    )


def _rows(document: Document, _: Reading) -> Iterator[Cursor | Skipped]:
    if document.kind != "text":
        yield from document.records() if document.has_records("clips") else document.by_key()
        return
    header, *lines = document.records()
    names = header.value.split("\t")
    for line in lines:
        columns = line.value.split("\t")
        if any(column.strip() for column in columns[len(names) :]):
            yield Skipped(line.location, f"has {len(columns)} columns, and the header has {len(names)}")
        else:
            yield Cursor(line.location, dict(zip(names, columns, strict=False)))


def _parse(row: Cursor, reading: Reading) -> Iterator[Found]:
    if isinstance(row.value, dict):
        video, clips = row.field(*_NAMES).name(), _unpacked(row.field("clips"))
    else:
        video, clips = row.key_name(), row
    events = [(_time(clip), clip.field("caption")) for clip in clips.items()]
    yield from event_entries(row, video, reading, events)


def _unpacked(clips: Cursor) -> Cursor:
    """Parses a list that is stored as a JSON string, which a table may enclose in quotes."""
    if not isinstance(clips.value, str):
        return clips
    text = clips.value
    if text[:1] == text[-1:] == '"':
        text = text[1:-1].replace('""', '"')
    try:
        return Cursor(clips.location, json.loads(text))
    except (ValueError, RecursionError) as error:
        raise clips.wrong("a list of clips in JSON") from error


def _time(clip: Cursor) -> Cursor:
    """The pair of seconds of a clip."""
    if (text := clip.optional("clip")) is None:
        return Cursor(clip.location, [clip.field("start").value, clip.field("end").value])
    found = _CLIP.fullmatch(text.text())
    if found is None:
        raise text.wrong("'h:mm:ss - h:mm:ss'")
    edges = found.groups()
    return Cursor(text.location, [_seconds(edges[:3]), _seconds(edges[3:])])


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds = (float(part or 0) for part in parts)
    return hours * 3600 + minutes * 60 + seconds


INTERLINK = Format(
    name="interlink",
    title="CosMo, HowTo-Interlink7M",
    tasks=("temporal_grounded_caption", "dense_video_captioning", GROUNDING),
    shape='table of video_name (or path) and clips: [{clip: "0:00:00 - 0:00:05", caption}], with tabs',
    reference="github.com/showlab/cosmo, HowToInterlink7M.md",
    matches=_matches,
    rows=_rows,
    parse=_parse,
)
