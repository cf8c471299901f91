"""Transcripts of Whisper, as TimeIT has them for YT-Temporal-180M: a file a video, or a folder of them.

Whisper writes JSON with {"segments": [{start, end, text}]}; TimeChat's `utils/asr` lines of START, END and TEXT with
tabs between them. Seconds of the video, which is named like the file. Whisper writes a video's transcript in all its
formats, of which one is read: JSON, else the table, else lines.
"""

import re
from collections.abc import Iterator

from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor
from timesuite_jax.data.timepro.sources.document import Document, first_of, has_fields, load_document
from timesuite_jax.data.timepro.sources.entries import event_entries
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading, Skipped
from timesuite_jax.errors import UserError

_LINE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\t(\d{1,9}(?:\.\d{1,9})?)\t(.*)", re.ASCII)
_SUFFIXES = (".json", ".tsv", ".txt")  # the most exact first
_SUBTITLES = (".srt", ".vtt")  # of Whisper, too
_HEADER = "start\tend\ttext"  # of Whisper's own .tsv, in milliseconds
_MILLISECOND = 1e-3
_MAX_LOOKED_AT = 3  # files of a folder by which the format is recognized


def _is_transcript(document: Document) -> bool:
    if document.kind == "json":
        segments = document.value.get("segments") if isinstance(document.value, dict) else None
        return isinstance(segments, list) and any(has_fields(one, "start", "end", "text") for one in segments)
    return document.kind == "text" and any(
        row.value.strip() == _HEADER or _LINE.match(row.value) for row in first_of(document.records())
    )


def _matches(document: Document) -> bool:
    if document.kind != "folder":
        return _is_transcript(document)
    names = [name for name in document.value if name.endswith(_SUFFIXES)][:_MAX_LOOKED_AT]
    return any(_is_transcript(found) for name in names if (found := _load(document, name)) is not None)


def _load(folder: Document, name: str) -> Document | None:
    try:
        return load_document(folder.path / name)
    except UserError:
        return None


def _rows(document: Document, _: Reading) -> Iterator[Cursor | Skipped]:
    """Yields one file of each video."""
    if document.kind != "folder":
        yield Cursor(document.path.name, document, document.path.stem)
        return
    read: dict[str, str] = {}
    for suffix in _SUFFIXES:
        for name in document.value:
            if name.endswith(suffix):
                read.setdefault(name.removesuffix(suffix), name)
    for name in document.value:
        stem = (document.path / name).stem
        if name == read.get(stem):
            yield Cursor(name, document.path / name, stem)
        elif name.endswith((*_SUFFIXES, *_SUBTITLES)):
            yield _unread(name, read.get(stem))


def _unread(name: str, read: str | None) -> Skipped:
    if read is not None:
        return Skipped(name, "is the transcript of a video of which another file is read", excluded=True)
    return Skipped(name, f"has subtitles, which are not read; give one of {', '.join(_SUFFIXES)}")


def _parse(row: Cursor, reading: Reading) -> Iterator[Found]:
    try:
        document = row.value if isinstance(row.value, Document) else load_document(row.value)
    except UserError as error:
        raise BadField(row.location, str(error)) from error
    if not _is_transcript(document):
        raise BadField(row.location, "is not a transcript of Whisper")
    if document.kind == "json":
        segments = Cursor(row.location, document.value).field("segments").items()
        events = [(_time(segment), segment.field("text")) for segment in segments]
        yield from event_entries(row, row.key_name(), reading, events)
        return
    lines = [Cursor(f"{row.location}, {line.location}", line.value) for line in document.records()]
    is_tsv = lines[0].value.strip() == _HEADER
    events = [_event(line) for line in lines[is_tsv:]]
    yield from event_entries(row, row.key_name(), reading, events, unit=_MILLISECOND if is_tsv else 1.0)


def _time(segment: Cursor) -> Cursor:
    return Cursor(segment.location, [segment.field("start").value, segment.field("end").value])


def _event(line: Cursor) -> tuple[Cursor, Cursor]:
    found = _LINE.match(line.value)
    if found is None:
        raise line.wrong("START, END and TEXT with tabs between them")
    start, end, text = found.groups()
    return Cursor(line.location, [float(start), float(end)]), Cursor(line.location, text)


WHISPER = Format(
    name="whisper",
    title="YT-Temporal-180M and other speech, transcribed by Whisper",
    tasks=("transcribed_speech_generation",),
    shape="file a video, or folder of them: {segments: [{start, end, text}]}, or lines of START, END, TEXT with tabs",
    reference="github.com/openai/whisper; github.com/RenShuhuai-Andy/TimeChat, utils/asr",
    matches=_matches,
    rows=_rows,
    parse=_parse,
)
