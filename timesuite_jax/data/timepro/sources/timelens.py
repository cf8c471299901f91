"""TimeLens-Bench, TimeLens-100K and the training messages of TimeLens2 (TencentARC/TimeLens, MCG-NJU/TimeLens2).

TimeLens-Bench: {video id: {duration, spans: [[start, end], ...], queries}}. TimeLens-100K: JSON lines of {video_path,
duration, events: [{query, span}]}. Messages: {messages: [{role: "user", content: [{video_url: {url}}, {text}]}, {role:
"assistant", content}, ...]}, where the first text begins with "<VIDEO_CONTEXT>". Seconds.
"""

from collections.abc import Iterator

from timesuite_jax.data.timepro.source_entry import Dialogue
from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor, pairs
from timesuite_jax.data.timepro.sources.entries import GROUNDING, event_entries, make_entry, parse_each, query_entry
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading
from timesuite_jax.text import Turn

_CONTEXT = "<VIDEO_CONTEXT>"
_BENCH = "github.com/TencentARC/TimeLens, timelens/dataset/timelens_data.py"


def _parse_bench(row: Cursor, reading: Reading) -> Iterator[Found]:
    events = pairs(row.field("spans"), row.field("queries"))
    yield from event_entries(row, row.key_name(), reading, events, duration=row.duration())


def _parse_events(row: Cursor, reading: Reading) -> Iterator[Found]:
    video, duration = row.field("video_path").name(), row.duration()

    def parse_event(event: Cursor, _: Reading) -> Iterator[Found]:
        spans = event.field("span").spans()
        yield query_entry(event, video, reading, event.field("query").text(), spans, duration=duration)

    yield from parse_each(row.field("events").items(), parse_event, reading)


def _parse_messages(row: Cursor, reading: Reading) -> Iterator[Found]:
    messages = row.field("messages").items()
    if messages and messages[0].field("role").value == "system":
        messages = messages[1:]
    if not messages or len(messages) % 2:
        raise BadField(f"{row.location}.messages", "is not questions and answers by turns")
    contents = [
        _content(message, role)
        for message, role in zip(messages, ("user", "assistant") * (len(messages) // 2), strict=True)
    ]
    videos = [video for _, video, _ in contents if video is not None]
    if len(videos) != 1:
        raise BadField(f"{row.location}.messages", f"is about {len(videos)} videos, not one")
    texts = [text for text, _, _ in contents]
    turns = tuple(Turn(question, answer) for question, answer in zip(texts[::2], texts[1::2], strict=True))
    duration = next(length for _, video, length in contents if video is not None)
    yield make_entry(row, videos[0], reading.task, Dialogue(turns, (None,) * len(turns)), duration=duration)


def _content(message: Cursor, role: str) -> tuple[str, str | None, float | None]:
    """The text of a message, and the video that it shows with its length."""
    if message.field("role").value != role:
        raise message.field("role").wrong(repr(role))
    content = message.field("content")
    if isinstance(content.value, str):
        return content.text().removeprefix(_CONTEXT).strip(), None, None
    texts, video, length = [], None, None
    for part in content.items():
        if (text := part.optional("text")) is not None:
            texts.append(text.text().removeprefix(_CONTEXT).strip())
        elif (shown := part.optional("video_url")) is not None:
            video = shown.field("url").name()
            processed = shown.optional("processed_video_length")
            length = None if processed is None else processed.positive()
        else:
            raise part.wrong("a text or a video_url")
    return " ".join(texts), video, length


TIMELENS_BENCH = Format(
    name="timelens_bench",
    title="TimeLens-Bench",
    tasks=(GROUNDING, "dense_video_captioning"),
    shape="{video id: {duration, spans: [[start, end], ...], queries}}",
    reference=_BENCH,
    matches=lambda document: document.has_values("duration", "spans", "queries"),
    rows=lambda document, _: document.by_key(),
    parse=_parse_bench,
)
TIMELENS_100K = Format(
    name="timelens_100k",
    title="TimeLens-100K",
    tasks=(GROUNDING,),
    shape="JSON lines of {video_path, duration, events: [{query, span}]}",
    reference=_BENCH,
    matches=lambda document: document.has_records("video_path", "events"),
    parse=_parse_events,
)
TIMELENS_MESSAGES = Format(
    name="timelens_messages",
    title="TimeLens2, messages",
    tasks=(GROUNDING, "multi_format_temporal_grounding", "conversation"),
    shape="list of {messages: [{role, content: [{video_url: {url}}, {text}]}, ...]}",
    reference="github.com/MCG-NJU/TimeLens2, sft",
    matches=lambda document: document.has_records("messages"),
    parse=_parse_messages,
)
