"""Rows of the form that COIN and YouCook2 share: {"database": {video id: {subset, ...}}}."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from timesuite_jax.data.timepro.sources.cursor import Cursor
from timesuite_jax.data.timepro.sources.document import Document, first_of, has_fields
from timesuite_jax.data.timepro.sources.entries import event_entries
from timesuite_jax.data.timepro.sources.format import Found, Reading, Skipped
from timesuite_jax.errors import UserError

ALL_SPLITS = "all"
"""Of a choice of a split: all of them."""


def has_database(document: Document, events: str, *names: str) -> bool:
    """Whether a document has this form, and the events of one of its first videos have the fields.

    Args:
      document: the document.
      events: field of a video with the list of its events.
      names: fields of an event.
    """
    if document.kind != "json" or not has_fields(document.value, "database"):
        return False
    videos = document.value["database"]
    if not isinstance(videos, dict):
        return False
    return any(
        has_fields(event, *names)
        for video in first_of(Cursor("", videos).entries())
        if has_fields(video.value, events) and isinstance(video.value[events], list)
        for event in video.value[events]
    )


def database_rows(document: Document, reading: Reading) -> Iterator[Cursor | Skipped]:
    """Yields the videos of the chosen split; those of the others are skipped.

    Raises:
      UserError: there are several splits and none is chosen, or the chosen one is not there.
    """
    yield from rows_of_split(document, reading, Cursor("", document.value).field("database").entries, _subset)


def rows_of_split(
    document: Document, reading: Reading, rows: Callable[[], Iterable[Cursor]], split_of: Callable[[Cursor], str]
) -> Iterator[Cursor | Skipped]:
    """Yields the rows of the chosen split; those of the others are skipped.

    Args:
      document: of the rows.
      reading: with the choice.
      rows: yields all rows; called twice, since files have millions.
      split_of: name of the split of a row; "" if it has none.

    Raises:
      UserError: as `database_rows`.
    """
    splits = Counter(split_of(row) for row in rows())
    listed = ", ".join(f"{_shown(name)} ({count})" for name, count in sorted(splits.items()))
    if reading.split is None and len(splits) > 1:
        raise UserError(
            f"{document.path} has several splits: {listed}; choose one with --split, or --split {ALL_SPLITS}"
        )
    if reading.split not in (None, ALL_SPLITS, *splits):
        raise UserError(f"{document.path} has no split {reading.split!r}; it has {listed}")
    for row in rows():
        if reading.split in (None, ALL_SPLITS, split_of(row)):
            yield row
        else:
            yield Skipped(row.location, f"in split {split_of(row)!r}, not {reading.split!r}", excluded=True)


def parse_events(events: str, text: str) -> Callable[[Cursor, Reading], Iterator[Found]]:
    """Returns the `Format.parse` of this form.

    Args:
      events: field of a video with the list of its events.
      text: field of an event with its text; `segment` has its time.
    """

    def parse(row: Cursor, reading: Reading) -> Iterator[Found]:
        found = [(event.field("segment"), event.field(text)) for event in row.field(events).items()]
        yield from event_entries(row, row.key_name(), reading, found, duration=row.duration())

    return parse


def _subset(video: Cursor) -> str:
    subset = video.value.get("subset") if isinstance(video.value, dict) else None
    return subset if isinstance(subset, str) else ""


def _shown(split: str) -> str:
    if not split:
        return "without a name"
    return split if split.isprintable() else repr(split)
