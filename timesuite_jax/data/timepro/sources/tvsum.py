"""TVSum (`ydata-tvsum50-anno.tsv`): importance of the frames of a video from 1 to 5, by 20 annotators.

A line is VIDEO, CATEGORY and one score a frame, tabs between them, commas between the scores, one line an annotator.
The annotators rated shots of 2 seconds, so that a score is repeated for as many frames as 2 seconds have. The frame
rate, which the file does not have, follows from the distance between changes of any annotator's scores.
"""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor
from timesuite_jax.data.timepro.sources.document import Document, first_of
from timesuite_jax.data.timepro.sources.entries import make_entry
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading
from timesuite_jax.data.timepro.sources.importance import SHOT_S, summary

_RATES = (1.0, 120.0)  # frames a second that a video can have


def _fields(row: Cursor) -> list[str]:
    return row.value.split("\t")


def _matches(document: Document) -> bool:
    if document.kind != "text":
        return False
    rows = [_fields(row) for row in first_of(document.records())]
    return any(len(row) == 3 and row[2].count(",") > 1 and _is_number(row[2].split(",", 1)[0]) for row in rows)


def _is_number(text: str) -> bool:
    return text.strip().replace(".", "", 1).isdecimal()


def _rows(document: Document, _: Reading) -> Iterator[Cursor]:
    """Yields the lines of each video."""
    videos: defaultdict[str, list[Cursor]] = defaultdict(list)
    for row in document.records():
        videos[_fields(row)[0]].append(row)
    for video, lines in videos.items():
        yield Cursor(lines[0].location, lines, video)


def _parse(row: Cursor, reading: Reading) -> Iterator[Found]:
    scores = [_scores(line) for line in row.value]
    if len({len(given) for given in scores}) > 1:
        raise BadField(row.location, f"the annotators of {row.key!r} rate different numbers of frames")
    rated = np.stack(scores)
    rate = _frame_rate(rated)
    if rate is None:
        raise BadField(row.location, f"the scores of {row.key!r} are not of shots of {SHOT_S:g} seconds")
    content = summary(rated.mean(axis=0), rate)
    yield make_entry(row, row.key_name(), reading.task, content, duration=rated.shape[1] / rate)


def _scores(line: Cursor) -> Float[np.ndarray, " N"]:
    fields = _fields(line)
    if len(fields) != 3:
        raise line.wrong("a video, a category and scores, with tabs between them")
    try:
        scores = np.array(fields[2].split(","), np.float64)
    except ValueError as error:
        raise line.wrong("a video, a category and scores, with tabs between them") from error
    if not ((scores >= 1) & (scores <= 5)).all():
        raise BadField(line.location, "has a score that is not from 1 to 5")
    return scores


def _frame_rate(scores: Float[np.ndarray, "A N"]) -> float | None:
    """Frames a second, to a few thousandths for the real files; None if the scores are not of shots.

    Successive changes that are closest enclose one shot, whose frames are rounded: to 59 or 60 at 29.97 a second.
    That is close enough to count the shots before the last change, and so to find their mean.
    """
    changes = np.flatnonzero(np.any(np.diff(scores, axis=1) != 0, axis=0)) + 1
    if not len(changes):
        return None
    lengths = np.diff(changes, prepend=0)
    shot = lengths[lengths <= lengths.min() + 1].mean()
    rate = float(changes[-1] / np.round(changes[-1] / shot)) / SHOT_S
    return rate if _RATES[0] <= rate <= _RATES[1] else None


TVSUM = Format(
    name="tvsum",
    title="TVSum",
    tasks=("video_summarization", "highlight_detection"),
    shape="lines of VIDEO, CATEGORY and the scores of its frames, with tabs",
    reference="github.com/yalesong/tvsum",
    matches=_matches,
    rows=_rows,
    parse=_parse,
)
