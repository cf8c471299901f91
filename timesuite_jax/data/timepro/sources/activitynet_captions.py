"""ActivityNet Captions: events of a video with their captions, as released and in the COCO form of TimeChat.

Released (`train.json`, `val_1.json`, `val_2.json`): {video id: {duration, timestamps: [[start, end], ...], sentences}},
in seconds. COCO form: {"annotations": [{image_id, duration, segments, caption}]}, where the caption is all sentences
joined without a separator; it is split after each full stop, and a row whose sentences are not as many as its segments
is skipped, because its sentences would have the times of others.
"""

from collections.abc import Iterator

from timesuite_jax.data.timepro.sources.coco import coco_rows, has_coco_rows
from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor, pairs
from timesuite_jax.data.timepro.sources.document import Document
from timesuite_jax.data.timepro.sources.entries import GROUNDING, event_entries
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading

_TASKS = ("dense_video_captioning", GROUNDING)


def _matches(document: Document) -> bool:
    return document.has_values("timestamps", "sentences", "duration") and not document.has_values("fps")


def _parse(row: Cursor, reading: Reading) -> Iterator[Found]:
    events = pairs(row.field("timestamps"), row.field("sentences"))
    yield from event_entries(row, row.key_name(), reading, events, duration=row.duration())


def parse_joined(row: Cursor, reading: Reading, field: str, stop: str) -> Iterator[Found]:
    """Yields the samples of a row in COCO form.

    Args:
      row: with image_id, segments and duration.
      reading: the options.
      field: of the sentences, separated by full stops.
      stop: what each sentence ends with.

    Raises:
      BadField: a field is wrong, or there are not as many sentences as segments.
    """
    segments, caption = row.field("segments").items(), row.field(field)
    sentences = [sentence for sentence in caption.text().split(".") if sentence.strip()]
    if len(sentences) != len(segments):
        raise BadField(caption.location, f"has {len(sentences)} sentences, and {len(segments)} segments")
    texts = [Cursor(f"{caption.location}, sentence {number}", text + stop) for number, text in enumerate(sentences, 1)]
    events = list(zip(segments, texts, strict=True))
    yield from event_entries(row, row.field("image_id").name(), reading, events, duration=row.duration())


ACTIVITYNET_CAPTIONS = Format(
    name="activitynet_captions",
    title="ActivityNet Captions",
    tasks=_TASKS,
    shape="{video id: {duration, timestamps: [[start, end], ...], sentences}}",
    reference="cs.stanford.edu/people/ranjaykrishna/densevid",
    matches=_matches,
    rows=lambda document, _: document.by_key(),
    parse=_parse,
)
ACTIVITYNET_CAPTIONS_COCO = Format(
    name="activitynet_captions_coco",
    title="ActivityNet Captions, COCO form",
    tasks=_TASKS,
    shape='{"annotations": [{image_id, duration, segments, caption}]}',
    reference="github.com/RenShuhuai-Andy/TimeChat, utils/get_coco_format.py",
    matches=lambda document: has_coco_rows(document, ("segments", "caption"), without="pure_cap"),
    rows=coco_rows,
    parse=lambda row, reading: parse_joined(row, reading, "caption", "."),
)
