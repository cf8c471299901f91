"""Makes TimePro annotations of rows: the questions about one video share a few records."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from timesuite_jax.apps.finetune.rows import Row

# The questions of a record share one pass over their video, and a sequence: more would displace its time stamps.
QUESTIONS_PER_RECORD = 4
GROUNDING, ANSWERS = "temporal_video_grounding", "question_answering"


def make_annotations(rows: Iterable[Row], videos: Collection[str]) -> list[dict[str, Any]]:
    """Returns entries of an annotation file, in the order of the videos' first rows.

    Args:
      rows: questions.
      videos: whose rows are used.

    Returns:
      TimePro entries; `rows` of each has the numbers of its rows, as messages show them.
    """
    by_video: dict[str, list[Row]] = {}
    for row in rows:
        if row.video in videos:
            by_video.setdefault(row.video, []).append(row)
    return [
        _entry(video, of_video[first : first + QUESTIONS_PER_RECORD])
        for video, of_video in by_video.items()
        for first in range(0, len(of_video), QUESTIONS_PER_RECORD)
    ]


def _entry(video: str, rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "video": video,
        "task": GROUNDING if all(row.spans for row in rows) else ANSWERS,
        "QA": [{"q": row.question, "a": row.answer, "spans": [list(span) for span in row.spans]} for row in rows],
        "rows": [str(row.number) for row in rows],
    }
