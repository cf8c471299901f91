"""Queries of QVHighlights with the saliency that each annotator gave to the clips."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor, pairs
from timesuite_jax.data.timepro.sources.document import load_document
from timesuite_jax.data.timepro.sources.format import Skipped

_CLIP_LIMIT = 10**6


@dataclass(frozen=True)
class HighlightQuery:
    """A query.

    Attributes:
      id: number of the query, `qid`.
      video: name of its video.
      query: text.
      duration: seconds of the video.
      clips: clips of two seconds that are annotated, from 0.
      saliency: scores of the annotators from 0 to 4 of each of these clips.
    """

    id: str
    video: str
    query: str
    duration: float
    clips: tuple[int, ...]
    saliency: tuple[tuple[float, ...], ...]


def read_highlight_queries(files: Sequence[Path]) -> Iterator[HighlightQuery | Skipped]:
    """Yields the queries of `highlight_*.jsonl`; a row that is wrong, or without saliency, is skipped with the reason.

    Raises:
      UserError: a file cannot be read.
    """
    for file in files:
        for row in load_document(file).records():
            try:
                yield _parse(row)
            except BadField as error:
                yield Skipped(f"{file.name}, {error.location}", error.reason)


def _parse(row: Cursor) -> HighlightQuery:
    if row.optional("saliency_scores") is None:
        raise BadField(row.location, "has no saliency_scores; give highlight_test_with_gt.jsonl for the test split")
    clips, saliency = [], []
    for clip, scores in pairs(row.field("relevant_clip_ids"), row.field("saliency_scores")):
        number = clip.number()
        if not (number.is_integer() and 0 <= number < _CLIP_LIMIT):
            raise clip.wrong("the number of a clip")
        clips.append(int(number))
        saliency.append(tuple(score.number() for score in scores.items()))
    if not clips or len({len(scores) for scores in saliency}) != 1 or not saliency[0]:
        raise BadField(row.location, "has no clip with as many scores as the others")
    video, query = row.field("vid").name(), row.field("query").text()
    qid = row.field("qid")
    if not qid.number().is_integer():
        raise qid.wrong("the number of a query")
    return HighlightQuery(
        str(int(qid.number())), video, query, row.field("duration").positive(), tuple(clips), tuple(saliency)
    )
