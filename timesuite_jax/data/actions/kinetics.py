"""Kinetics-400, -600 and -700, and their videos' usual names.

`train.csv`, `validate.csv` and `test.csv` have the heading `label,youtube_id,time_start,time_end,split`; those of tests
may have no label. Videos are the trimmed ones, `YOUTUBEID_000012_000022.mp4`.
"""

from collections.abc import Iterator

from timesuite_jax.data.actions.rows import RECOGNITION, action_entry, has_heading, heading_rows, readable_texts
from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor
from timesuite_jax.data.timepro.sources.database import rows_of_split
from timesuite_jax.data.timepro.sources.document import Document
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading


def seconds_of(row: Cursor, name: str) -> float:
    """Reads a number of seconds that is written as a text.

    Raises:
      BadField: it is missing, or no number.
    """
    field = row.field(name)
    try:
        return Cursor(field.location, float(field.value)).number()
    except (ValueError, TypeError) as error:
        raise field.wrong("a number of seconds") from error


def _parse(row: Cursor, reading: Reading) -> Iterator[Found]:
    start, end = seconds_of(row, "time_start"), seconds_of(row, "time_end")
    if not 0 <= start < end:
        raise BadField(row.location, f"has the time {start:g} to {end:g}, not two seconds in order")
    video = f"{row.field('youtube_id').name()}_{int(start):06d}_{int(end):06d}"
    label = row.optional("label")
    yield action_entry(row, video, None if label is None else label.text())


def _split(row: Cursor) -> str:
    return row.fields().get("split", "")


def _classes(document: Document) -> tuple[str, ...]:
    return readable_texts(row.optional("label") for row in heading_rows(document))


KINETICS = Format(
    name="kinetics",
    title="Kinetics-400, -600, -700",
    tasks=(RECOGNITION,),
    shape="CSV with the heading label,youtube_id,time_start,time_end,split",
    reference="github.com/cvdfoundation/kinetics-dataset",
    matches=lambda document: has_heading(document, "youtube_id", "time_start", "time_end", "split"),
    rows=lambda document, reading: rows_of_split(document, reading, lambda: heading_rows(document), _split),
    parse=_parse,
    splits=True,
    classes=_classes,
)
