"""Rows of separated values, and the samples of labelled videos."""

import contextlib
import csv
from collections.abc import Callable, Iterable, Iterator

from timesuite_jax.data.question_spans import Span
from timesuite_jax.data.timepro.source_entry import Action, SourceEntry
from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor
from timesuite_jax.data.timepro.sources.document import Document, first_of
from timesuite_jax.data.timepro.sources.entries import make_entry
from timesuite_jax.media import VIDEO_SUFFIXES

RECOGNITION, PRETRAINING = "action_recognition", "video_pretraining"


def values_of(line: str, delimiter: str) -> list[str]:
    """Splits a line, in which values may be quoted."""
    try:
        return [value.strip() for value in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:  # a carriage return within the line, or a value of more than 128 kB
        return [line]


def has_heading(document: Document, *names: str) -> bool:
    """Whether the first line of a text names these columns."""
    if document.kind != "text":
        return False
    return set(names) <= set(values_of(document.value[0], ","))


def heading_rows(document: Document) -> Iterator[Cursor]:
    """Yields the rows of a text with a heading, as objects of texts; values that are missing are left out."""
    lines = document.records()
    names = values_of(next(lines).value, ",")
    for line in lines:
        values = values_of(line.value, ",")
        yield Cursor(line.location, {name: value for name, value in zip(names, values, strict=False) if value})


def readable_texts(values: Iterable[Cursor | None]) -> tuple[str, ...]:
    """Returns the different texts in order, without those of rows that are rejected since theirs cannot be read."""
    found = set()
    for value in values:
        with contextlib.suppress(BadField):
            if value is not None:
                found.add(value.text())
    return tuple(sorted(found))


def most_first(document: Document, matches: Callable[[str], object]) -> bool:
    """Whether at least half of a text's first lines match; others may be wrong."""
    rows = first_of(document.records()) if document.kind == "text" else []
    return bool(rows) and 2 * sum(bool(matches(row.value)) for row in rows) >= len(rows)


def is_video(name: str) -> bool:
    """Whether a name ends as those of videos."""
    return name.lower().endswith(tuple(VIDEO_SUFFIXES))


def action_entry(
    row: Cursor,
    video: str,
    label: str | int | None,
    *,
    clip: Span | None = None,
    duration: float | None = None,
    directional: bool = False,
    task: str = RECOGNITION,
) -> SourceEntry:
    """Makes a sample of a labelled video."""
    return make_entry(row, video, task, Action(label, directional), clip=clip, duration=duration)
