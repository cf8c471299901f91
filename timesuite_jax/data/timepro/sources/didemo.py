"""DiDeMo (LisaAnne/LocalizingMoments, `data/*_data.json`): descriptions of moments of 30-second videos.

A row has `times`, one pair of 5-second chunks an annotator: [1, 2] is from 5 to 15 seconds.
"""

from collections import Counter
from collections.abc import Iterator

from timesuite_jax.data.question_spans import Span
from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor
from timesuite_jax.data.timepro.sources.entries import GROUNDING, query_entry
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading

_CHUNK_S = 5.0
_MAX_CHUNKS = 6  # of a video, which is cut to 30 seconds


def _chunks(pair: Cursor) -> Span:
    first, last = pair.span()
    if not (first.is_integer() and last.is_integer() and 0 <= first <= last < _MAX_CHUNKS):
        raise pair.wrong(f"two chunks in order, from 0 to {_MAX_CHUNKS - 1}")
    return first, last


def _combine(chunks: list[Span], rule: str | None) -> Span:
    """Combines the chunks of several annotators to one span in seconds.

    "majority" is the pair that most annotators chose, and among several such pairs the one closest to all annotators;
    "mean" the mean start and the mean end; "first" the first annotator's pair.
    """
    if rule == "mean":
        first, last = (sum(edges) / len(edges) for edges in zip(*chunks, strict=True))
    elif rule == "first":
        first, last = chunks[0]
    else:
        counts = Counter(chunks)
        first, last = min(counts, key=lambda one: (-counts[one], sum(_distance(one, other) for other in chunks)))
    return first * _CHUNK_S, (last + 1) * _CHUNK_S


def _distance(one: Span, other: Span) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _parse(row: Cursor, reading: Reading) -> Iterator[Found]:
    chunks = [_chunks(pair) for pair in row.field("times").items()]
    if not chunks:
        raise BadField(f"{row.location}.times", "is empty")
    span = _combine(chunks, reading.annotators)
    yield query_entry(row, row.field("video").name(), reading, row.field("description").text(), [span])


DIDEMO = Format(
    name="didemo",
    title="DiDeMo",
    tasks=(GROUNDING,),
    shape="list of {description, video, times: [[first chunk, last chunk], ...]}",
    reference="github.com/LisaAnne/LocalizingMoments",
    matches=lambda document: document.has_records("description", "times", "video"),
    parse=_parse,
    annotators=("majority", "mean", "first"),
)
